"""What recordings hold, told from their beginnings."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.feeds.coinbase_advanced import FEED
from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo, Header, Record, format_time
from feedrec.replay.timeline import survey
from feedrec.replay.timeline.survey import survey_recordings


def ticker(second: int, product: str) -> Frame:
    payload = '{"channel":"ticker","sequence_num":%d,"events":[{"type":"update","tickers":[{"product_id":"%s"}]}]}'
    return Frame(second * NANOSECONDS, 0, (payload % (second, product)).encode())


def record(path: Path, *records: Record, asked: list[str] | None = None) -> Path:
    subscriptions = [{"channel": "level2", "products": asked}] if asked else []
    writer = create_recording(path, Header("coinbase-advanced", subscriptions=subscriptions))
    for one in records:
        writer.write_line(encode_frame(one) if isinstance(one, Frame) else encode_event(one))
    return writer.finish()


def test_what_is_seen_is_there(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", ticker(5, "BTC-USD"), ticker(6, "ETH-USD"), ticker(7, "BTC-USD"))
    found = survey_recordings([path], FEED)
    assert found.catalogue == {"ticker": ["BTC-USD", "ETH-USD"]}
    assert found.first_time == found.first_steady == 5 * NANOSECONDS
    assert (found.ahead, found.behind) == (0, 0)  # no frame names a time
    assert [FEED.describe(payload).sequence for payload in found.sample.payloads] == [5, 6, 7]
    assert found.sample.requested == {}


def test_what_was_asked_for_is_there_unless_it_was_refused(tmp_path: Path) -> None:
    refused = Event(0, 0, "missing", {"subscriptions": [{"channel": "level2", "products": ["XXX-YYY"]}]})
    path = record(tmp_path / "a.jsonl.zst", refused, ticker(5, "BTC-USD"), asked=["BTC-USD", "XXX-YYY"])
    found = survey_recordings([path], FEED)
    assert found.catalogue == {"ticker": ["BTC-USD"], "level2": ["BTC-USD"]}
    assert found.sample.requested == {"level2": {"BTC-USD"}}


def test_what_was_asked_for_without_products_is_known_and_is_there_if_the_feed_does_not_know_it(tmp_path: Path) -> None:
    """Of a channel that it knows, frames tell."""
    asked = [{"channel": name} for name in ("heartbeats", "new", "gone")] + [{"channel": "level2", "products": ["A-B"]}]
    refused = [{"channel": "gone"}, {"channel": "level2", "products": ["A-B"]}]
    path = tmp_path / "a.jsonl.zst"
    writer = create_recording(path, Header("coinbase-advanced", subscriptions=asked))
    writer.write_line(encode_event(Event(0, 0, "missing", {"subscriptions": refused})))
    writer.write_line(encode_frame(ticker(5, "BTC-USD")))
    found = survey_recordings([writer.finish()], FEED)
    assert found.catalogue == {"ticker": ["BTC-USD"], "new": [""]}
    assert found.sample.requested == {"heartbeats": set(), "new": set()}


def test_acks_are_no_data(tmp_path: Path) -> None:
    ack = Frame(0, 0, b'{"channel":"subscriptions","sequence_num":0,"events":[{"subscriptions":{}}]}')
    assert survey_recordings([record(tmp_path / "a.jsonl.zst", ack)], FEED).catalogue == {}


def test_several_recordings_are_looked_at_together(tmp_path: Path) -> None:
    paths = [record(tmp_path / f"{second}.jsonl.zst", ticker(second, f"P{second}-USD")) for second in (9, 4)]
    found = survey_recordings(paths, FEED)
    assert set(found.catalogue["ticker"]) == {"P9-USD", "P4-USD"}
    assert found.first_time == 4 * NANOSECONDS


def test_the_look_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a long recording nor a large one is read to its end."""
    path = record(tmp_path / "a.jsonl", *(ticker(second, f"P{second}-USD") for second in range(100)))
    assert len(survey_recordings([path], FEED).catalogue["ticker"]) == 62
    monkeypatch.setattr(survey, "MOST_TEXT", 1000)
    assert len(survey_recordings([path], FEED).catalogue["ticker"]) < 10


def indexed(path: Path, *records: Record, asked: list[str] | None = None) -> Path:
    """Write a recording whose index knows what its frames are, as a recorder does."""
    subscriptions = [{"channel": "ticker", "products": asked}] if asked else []
    with create_recording(path, Header("coinbase-advanced", subscriptions=subscriptions)) as writer:
        for one in records:
            writer.write(one, FEED.describe(one.payload) if isinstance(one, Frame) else None)
    return writer.path


def frames_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many frames are decoded to survey a recording."""
    seen: list[bytes] = []
    describe = FEED.describe

    def noted(_: object, payload: bytes) -> FrameInfo:
        seen.append(payload)
        return describe(payload)

    with monkeypatch.context() as patch:
        patch.setattr(type(FEED), "describe", noted)
        survey_recordings([path], FEED)
    return len(seen)


TICKERS = [ticker(1 + number // 100, f"P{number}-USD") for number in range(300)]
ACK = Frame(0, 0, b'{"channel":"subscriptions","sequence_num":0,"events":[{"subscriptions":{}}]}')
MISSING = Event(0, 0, "missing", {"subscriptions": [{"channel": "ticker", "products": ["X-Y"]}]})


def test_an_index_that_tells_all_spares_the_look_but_for_a_hundred_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is found is the same as if everything was read."""
    path = indexed(tmp_path / "a.jsonl.zst", ACK, *TICKERS, asked=["P0-USD", "P299-USD"])
    assert frames_read(path, monkeypatch) == 100
    found = survey_recordings([path], FEED).catalogue
    assert found.keys() == {"ticker"}
    assert sorted(found["ticker"]) == sorted(f"P{number}-USD" for number in range(300))
    monkeypatch.setattr(survey, "MOST_FRAMES", 1000)
    assert sorted(survey_recordings([path], FEED).catalogue["ticker"]) == sorted(found["ticker"])


@pytest.mark.parametrize(
    ("before", "asked"),
    [([Frame(1, 0, b'{"channel":"new","x":%d}' % n) for n in range(3)], []), ([MISSING, ACK], ["P0-USD", "X-Y"])],
)
def test_what_the_index_does_not_tell_is_looked_for(
    tmp_path: Path, before: list[Record], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel that is not known may be that of acks; what was refused, only an event tells."""
    records = [*TICKERS, *before] if not asked else [*before[:1], *TICKERS]
    path = indexed(tmp_path / "a.jsonl.zst", *records, asked=asked)
    assert frames_read(path, monkeypatch) >= 300
    found = survey_recordings([path], FEED).catalogue
    assert ("new" in found) == (not asked)
    assert "X-Y" not in found["ticker"]


def named(second: float, ahead: float) -> Frame:
    """Give a frame that names a time by a clock that is so far ahead."""
    text = format_time(round((second + ahead) * NANOSECONDS))
    return Frame(round(second * NANOSECONDS), 0, b'{"channel":"ticker","timestamp":"%b"}' % text.encode())


@pytest.mark.parametrize(
    ("aheads", "expected"),
    [
        ([-0.05, -0.04, -0.7], (0, -0.7)),  # how long frames are on their way
        ([3600 - 0.05, 3600 - 0.04, 3600 - 2.5], (3600 - 0.04, 3600 - 2.5)),  # the one that was least late tells
        ([-90.04, -90.05], (-90.04, -90.05)),
        ([-1.0], (-1.0, -1.0)),
        ([-2.0] + [-1.5] * 99 + [10.0], (-1.5, -2.0)),  # the first hundred count
        ([], (0, 0)),
    ],
)
def test_the_venues_clock_is_compared_with_the_recorders(
    tmp_path: Path, aheads: list[float], expected: tuple[float, float]
) -> None:
    frames = [named(1000 + number / 10, ahead) for number, ahead in enumerate(aheads)]
    found = survey_recordings([record(tmp_path / "a.jsonl.zst", *frames)], FEED)
    assert (found.ahead, found.behind) == tuple(round(one * NANOSECONDS) for one in expected)


def test_the_clock_is_that_of_the_recording_that_begins_first(tmp_path: Path) -> None:
    late, early = (record(tmp_path / f"{second}.jsonl.zst", named(second, second)) for second in (2000, 1000))
    assert survey_recordings([late, early], FEED).ahead == 1000 * NANOSECONDS
