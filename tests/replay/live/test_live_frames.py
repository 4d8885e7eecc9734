"""Lines that a recorder sends, decoded once for all clients."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import feed_of
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import Event, Frame
from feedrec.replay.live.live_frames import LiveFrames
from feedrec.replay.timeline.frame_batches import CONNECTIONS_PER_FILE

from ..recordings import START, frames_of, numbered
from .live_frames_of import AdvancedFrames

FEED = feed_of("coinbase-advanced")


def lines(*records: Frame | Event) -> bytes:
    encoded = (encode_frame(one) if isinstance(one, Frame) else encode_event(one) for one in records)
    return b"".join(line.rstrip(b"\n") + b"\n" for line in encoded)


@given(st.lists(st.integers(0, 20), max_size=5))
def test_frames_are_what_was_recorded_in_their_order_whatever_stands_between_them(counts: list[int]) -> None:
    live, numbers = LiveFrames(FEED, lambda: 5), itertools.count()
    sent, got = [], []
    for number, count in enumerate(counts, 1):
        frames = frames_of([b'{"a":%d}' % next(numbers) for _ in range(count)])
        out = Frame(START, 0, b"{}", "out")
        sent += frames
        for batch in live.take(0, lines(out, *frames, Event(START, 0, "clock")), number):
            assert (batch.number, batch.arrived) == (number, 5)
            assert len(batch.frames.infos) == len(batch.frames.frames)
            got += batch.frames.frames
    assert got == sent


def test_many_lines_are_batches_that_are_quick_to_send_all_with_one_number() -> None:
    frames = numbered(1000)
    batches = list(LiveFrames(None, lambda: 0).take(0, lines(*frames), 7))
    assert [frame for batch in batches for frame in batch.frames.frames] == frames
    assert {batch.number for batch in batches} == {7}
    assert max(len(batch.frames.frames) for batch in batches) <= 256
    assert sum(batch.size for batch in batches) >= len(lines(*frames)) - 1000


def test_connections_of_another_run_and_of_another_feed_are_others() -> None:
    live = LiveFrames(None, lambda: 0)
    live.begin_run(3)
    conns = []
    for place in (3, 4, 3):
        (batch,) = live.take(place, lines(*numbered(1)), 1)
        conns.append(batch.frames.frames[0].conn)
    live.begin_run(3)
    (batch,) = live.take(3, lines(*numbered(1)), 1)
    conns.append(batch.frames.frames[0].conn)
    assert conns == [0, CONNECTIONS_PER_FILE, 0, 2 * CONNECTIONS_PER_FILE]


def test_what_a_connection_that_takes_over_has_brought_already_is_nothing_from_the_old_one() -> None:
    live, old, new = LiveFrames(FEED, lambda: 0), AdvancedFrames(0), AdvancedFrames(1)
    before: list[Frame | Event] = [
        old.ticker("1"),
        Event(START, 1, "open", {"replaces": 0}),
        new.ticker("2"),
        old.ticker("2"),
    ]
    (batch,) = live.take(0, lines(*before), 1)
    assert [info.channel for info in batch.frames.infos] == ["ticker", "ticker", ""]
    assert [info.sequence for info in batch.frames.infos] == [0, 0, 1]


def test_a_line_that_cannot_be_read_is_counted_and_the_others_are_there() -> None:
    live = LiveFrames(None, lambda: 0)
    first, second = numbered(2)
    (batch,) = live.take(0, lines(first) + b"{]\n" + lines(second), 1)
    assert batch.frames.frames == [first, second]
    assert live.lost == 1


def test_lines_without_a_received_frame_are_no_batch_but_tell_when_a_connection_was_opened() -> None:
    live = LiveFrames(None, lambda: 9)
    assert list(live.take(0, lines(Event(START, 0, "clock")), 1)) == []
    assert live.opened is None
    assert list(live.take(0, lines(Event(START, 0, "open")), 1)) == []
    assert live.opened == 9
