"""What a run came to, as programs read it."""

from __future__ import annotations

from feedrec.formats.line.subscribed import SubscribedFacts
from feedrec.recorder import Progress, Summary
from feedrec.recorder.output.counting_writer import Counts

COUNTS = Counts(
    frames=10, bytes=5000, connections=3, gaps=1, missing=2, resets=4, resyncs=5, findings=7, out_of_order=1, requests=6
)


def test_reconnects_are_the_connections_after_the_first() -> None:
    assert Progress("recording", 1.0, COUNTS, 100).reconnects == 2
    assert Progress("connecting", 1.0, Counts(), 100).reconnects == 0


def test_connections_that_were_open_at_once_are_no_reconnects() -> None:
    assert Progress("recording", 1.0, Counts(connections=5, most_open=4), 100).reconnects == 1


def test_the_ratio_is_payload_per_byte_on_disk() -> None:
    assert Progress("recording", 1.0, COUNTS, 1000).ratio == 5.0
    assert Progress("connecting", 1.0, COUNTS, 0).ratio is None


def test_a_summary_as_json_has_every_figure() -> None:
    subscribed = SubscribedFacts([{"channel": "a"}, {"channel": "b"}], [{"channel": "a"}], [{"channel": "b"}])
    assert Summary("a.jsonl.zst", 1.23456, COUNTS, 3000, 7, ["a.jsonl.zst"], subscribed).as_dict() == {
        "path": "a.jsonl.zst",
        "seconds": 1.235,
        "frames": 10,
        "bytes": 5000,
        "connections": 3,
        "gaps": 1,
        "missing": 2,
        "resets": 4,
        "resyncs": 5,
        "findings": 7,
        "out_of_order": 1,
        "replacements": 0,
        "vain_replacements": 0,
        "requests": 6,
        "reconnects": 2,
        "file_size": 3000,
        "ratio": 1.667,
        "lost": 7,
        "files": ["a.jsonl.zst"],
        "subscribed": {
            "asked": [{"channel": "a"}, {"channel": "b"}],
            "accepted": [{"channel": "a"}],
            "missing": [{"channel": "b"}],
            "was_missing": [],
        },
    }


def test_a_run_that_kept_nothing_has_no_ratio() -> None:
    assert Summary(None, 0.1, Counts(), 0).as_dict()["ratio"] is None
