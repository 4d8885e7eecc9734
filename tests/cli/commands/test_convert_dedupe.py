"""`feedrec convert --dedupe`, as its user sees it; what is chosen is tested in tests/formats/dedupe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from feedrec.formats import create_recording, open_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header, format_time

from ..command import feedrec

START = 1_786_309_548 * NANOSECONDS
SUBSCRIPTIONS = [{"channel": "market_trades", "products": ["BTC-USD"]}]


def trades(number: int, second: int) -> bytes:
    told = [{"product_id": "BTC-USD", "trade_id": str(1000 + second)}]
    frame = {"channel": "market_trades", "timestamp": format_time(START + second * NANOSECONDS), "sequence_num": number}
    return msgspec.json.encode({**frame, "events": [{"type": "update", "trades": told}]})


def recorded(path: Path, seconds: list[int], *, offset: int = 0, **header: Any) -> Path:
    """Write what a recorder has whose clock is so many seconds ahead: a trade of each of these seconds."""
    header = {"subscriptions": SUBSCRIPTIONS, "software": path.name, **header}
    endpoint = header.pop("endpoint", "coinbase-advanced")
    with create_recording(path, Header(endpoint, "wss://x", START + offset * NANOSECONDS, **header)) as recording:
        for number, second in enumerate(seconds):
            time = START + (second + offset) * NANOSECONDS
            if number == 0:
                recording.write(Event(time, 0, "clock", {"wall": time, "monotonic": offset}), block=True)
                recording.write(Event(time, 0, "open", {"url": "wss://x"}), block=True)
            recording.write(Frame(time, 0, trades(second, second)), block=True)
    return path


def deduplicated(*paths: Path, into: Path) -> dict[str, Any]:
    done = feedrec("convert", "--dedupe", *paths, "-o", into, "--json")
    assert done.returncode == 0, done.stderr.decode()
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def test_each_has_what_the_other_lacks_and_the_report_says_so(tmp_path: Path) -> None:
    """The clock of the second is an hour ahead; the frames have the time of the first one's."""
    first = recorded(tmp_path / "a.jsonl.zst", [0, 1, 2, 6, 7, 9])
    second = recorded(tmp_path / "b.jsonl.zst", [1, 2, 3, 4, 6, 7], offset=3600)
    output = tmp_path / "c.jsonl.zst"
    facts = deduplicated(first, second, into=output)
    with open_recording(output) as recording:
        assert recording.header.extra["deduplicated"] == 2
        records = list(recording)
    frames = [one for one in records if isinstance(one, Frame)]
    assert [one.payload for one in frames] == [trades(second, second) for second in (0, 1, 2, 3, 4, 6, 7, 9)]
    assert [one.conn for one in frames] == [0, 0, 0, 1, 1, 0, 0, 0]
    assert [(one.time - START) // NANOSECONDS for one in frames] == [0, 1, 2, 3, 4, 6, 7, 9]
    gaps = [one.details for one in records if isinstance(one, Event) and one.name == "gap"]
    of = {"channel": "market_trades", "product": "BTC-USD"}
    assert gaps == [{"expected": number, "received": number + 1, "missing": 1, **of} for number in (1005, 1008)]
    assert [(one["frames"], one["used"], one["alone"]["numbers"]) for one in facts["recordings"]] == [
        (6, 6, 2),
        (6, 2, 2),
    ]
    assert facts["lacking"] == {"seconds": 0.0, "numbers": 2, "gaps": 2}
    assert facts["repeated"] == 0
    assert b"it was made of several recordings" in feedrec("verify", output).stdout
    assert json.loads(feedrec("info", "--json", output).stdout)["gaps"] == 2


def test_recordings_that_do_not_overlap_and_one_that_is_the_beginning_of_another(tmp_path: Path) -> None:
    early, late = recorded(tmp_path / "a.jsonl", [0, 1]), recorded(tmp_path / "b.jsonl", [4, 5])
    whole = recorded(tmp_path / "c.jsonl", [0, 1, 2, 3])
    assert deduplicated(early, late, into=tmp_path / "1.jsonl")["lacking"]["numbers"] == 2
    for number, pair in enumerate(((early, whole), (whole, early))):
        facts = deduplicated(*pair, into=tmp_path / f"{number + 2}.jsonl")
        assert sum(one["used"] for one in facts["recordings"]) == 4
        assert facts["lacking"] == {"seconds": 0.0, "numbers": 0, "gaps": 0}


@pytest.mark.parametrize(
    ("other", "options", "said"),
    [
        ({}, ["--from", "+1s"], "--dedupe takes whole recordings: leave out --from"),
        ({"endpoint": "coinbase-exchange"}, [], "only recordings of one endpoint"),
        ({"subscriptions": [{"channel": "level2", "products": ["BTC-USD"]}]}, [], "did not subscribe to the same"),
        ({"extra": {"trimmed": 5, "filtered": {}}}, [], "b.jsonl is trimmed"),
        ({"extra": {"filtered": {"channels": ["x"]}}}, [], "were not filtered alike"),
        ({"software": "a.jsonl"}, [], "are the same recording"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_line(
    tmp_path: Path, other: dict[str, Any], options: list[str], said: str
) -> None:
    first, second = recorded(tmp_path / "a.jsonl", [0, 1]), recorded(tmp_path / "b.jsonl", [0, 1], **other)
    done = feedrec("convert", "--dedupe", first, second, "-o", tmp_path / "c.jsonl", *options)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert len(done.stderr.splitlines()) <= 2
    assert not (tmp_path / "c.jsonl").exists()


def test_a_feed_of_which_nothing_is_known_is_refused(tmp_path: Path) -> None:
    pair = [recorded(tmp_path / name, [0, 1], endpoint="raw") for name in ("a.jsonl", "b.jsonl")]
    done = feedrec("convert", "--dedupe", *pair, "-o", tmp_path / "c.jsonl")
    assert done.returncode == 2
    assert b"nothing tells which frames of 'raw' are the same" in done.stderr
    alone = feedrec("convert", "--dedupe", pair[0], "-o", tmp_path / "c.jsonl")
    assert b"takes two recordings or more" in alone.stderr


def test_machines_that_shared_what_was_asked_for_give_one_recording(tmp_path: Path) -> None:
    """Each had its part of the products; what was made of them is of no machine any more."""
    wanted = ({"channel": "market_trades", "products": products} for products in (["BTC-USD"], ["BTC-USD", "ETH-USD"]))
    shards: list[dict[str, Any]] = [
        {"subscriptions": [one], "extra": {"shard": f"{at}/2"}} for at, one in enumerate(wanted, 1)
    ]
    pair = [
        recorded(tmp_path / f"{at}.jsonl", seconds, **shards[at])
        for at, seconds in enumerate(([0, 1, 4], [1, 2, 3, 4]))
    ]
    facts = deduplicated(*pair, into=tmp_path / "c.jsonl")
    assert facts["lacking"]["numbers"] == 0
    with open_recording(tmp_path / "c.jsonl") as recording:
        assert recording.header.subscriptions == [{"channel": "market_trades", "products": ["BTC-USD", "ETH-USD"]}]
        assert recording.header.extra == {"deduplicated": 2}
    other = recorded(tmp_path / "d.jsonl", [0, 1], subscriptions=shards[1]["subscriptions"])
    done = feedrec("convert", "--dedupe", pair[0], other, "-o", tmp_path / "e.jsonl")
    assert b"did not subscribe to the same" in done.stderr
