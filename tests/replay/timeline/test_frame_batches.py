"""Runs: lines in small steps, decoded up to the end or up to damage."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.coinbase_advanced import FEED
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.several.merge import Batch
from feedrec.model import Direction, Event, Frame, FrameInfos
from feedrec.replay.timeline.frame_batches import CONNECTIONS_PER_FILE, FrameDecoder, in_steps

START = 1_786_309_548_000_000_000


def batch_of(lines: list[bytes], start: int = 0) -> Batch:
    return Batch(start, lines, [0] * len(lines))


def lines_at(*times: int) -> list[bytes]:
    return [encode_frame(Frame(START + time, 0, b'{"time":%d}' % time)) for time in times]


@given(st.lists(st.integers(0, 400_000), max_size=400))
def test_steps_are_all_lines_in_order_and_small(sizes: list[int]) -> None:
    lines = [bytes(size) for size in sizes]
    files = list(range(len(lines)))
    steps = list(in_steps(Batch(7, lines, files, 3)))
    assert [line for step in steps for line in step.lines] == lines
    assert [file for step in steps for file in step.files] == files
    assert all(step.start == 7 + step.files[0] and step.lap == 3 for step in steps)
    assert all(len(step.lines) <= 256 for step in steps)
    assert all(len(step.lines) == 1 or sum(map(len, step.lines)) <= 1 << 18 for step in steps)


def test_a_run_counts_all_lines_and_holds_the_received_frames() -> None:
    lines = [encode_event(Event(START, 0, "open")), *lines_at(1, 2), encode_frame(Frame(START, 0, b"{}", "out"))]
    run = FrameDecoder([Path("a")]).decode(batch_of(lines, 100))
    assert (run.start, run.end) == (100, 104)
    assert [frame.time - START for frame in run.frames] == [1, 2]


def test_lines_of_several_files_keep_their_order_and_get_connections_of_their_own() -> None:
    lines = lines_at(1, 2, 3, 4, 5)
    run = FrameDecoder([Path("a"), Path("b")]).decode(Batch(0, lines, [0, 1, 1, 0, 1]))
    assert [frame.time - START for frame in run.frames] == [1, 2, 3, 4, 5]
    assert [frame.conn // CONNECTIONS_PER_FILE for frame in run.frames] == [0, 1, 1, 0, 1]


def test_the_end_is_the_first_frame_at_or_after_it() -> None:
    lines = [*lines_at(1, 2), encode_event(Event(START + 9, 0, "clock")), *lines_at(3, 5, 4)]
    decoder = FrameDecoder([Path("a")], end=START + 5)
    run = decoder.decode(batch_of(lines, 10))
    assert decoder.is_over
    assert run.end == 14
    assert [frame.time - START for frame in run.frames] == [1, 2, 3]


def test_damage_names_the_file_and_keeps_what_is_before_it() -> None:
    lines = lines_at(1, 2, 3)
    decoder = FrameDecoder([Path("a"), Path("b")])
    run = decoder.decode(Batch(0, [*lines, b'{"neither":1}', *lines], [0, 0, 0, 1, 1, 1, 1]))
    assert (run.end, len(run.frames)) == (3, 3)
    assert str(decoder.damage).startswith("b: not a line of a recording")
    assert "soon after 2026-08-09T21:05:48.000000003Z" in str(decoder.damage)


@given(
    kinds=st.lists(st.sampled_from(["ticker", "l2_data", "odd", "event", "binary"]), min_size=1, max_size=30),
    has_two=st.booleans(),
)
def test_frames_described_together_are_described_as_each_alone(kinds: list[str], *, has_two: bool) -> None:
    lines = []
    for number, kind in enumerate(kinds):
        payload = b'{"channel":"%b","sequence_num":%d,"events":[{"type":"update"}]}' % (kind.encode(), number)
        frame = Frame(START + number, 0, b"\xff" if kind == "binary" else payload, binary=kind == "binary")
        line = encode_event(Event(START + number, 0, "open")) if kind == "event" else encode_frame(frame)
        lines.append(line.replace(b'"conn"', b' "conn"') if kind == "odd" else line)
    step = Batch(0, lines, [number % 2 if has_two else 0 for number in range(len(lines))])
    paths = [Path("a"), Path("b")]
    singly = FrameDecoder(paths, FEED.describe).decode(step)
    together = FrameDecoder(paths, FEED.describe, describe_all=FEED.describe_all).decode(step)
    assert together._replace(infos=list(together.infos)) == singly


def test_frames_that_are_cut_out_together_keep_their_columns() -> None:
    """Else the test above says nothing."""
    run = FrameDecoder([Path("a")], FEED.describe, describe_all=FEED.describe_all).decode(batch_of(lines_at(1, 2, 3)))
    assert isinstance(run.infos, FrameInfos)


@given(
    kinds=st.lists(st.sampled_from(["received", "rebuilt", "sent", "event"]), min_size=1, max_size=30),
    files=st.lists(st.integers(0, 1), min_size=30, max_size=30),
    continued=st.sets(st.integers(0, 1)),
)
def test_each_frame_has_the_position_of_its_line(kinds: list[str], files: list[int], continued: set[int]) -> None:
    lines = []
    for number, kind in enumerate(kinds):
        direction: Direction = "out" if kind == "sent" else "in"
        frame = Frame(START + number, 0, b"{}", direction, synthetic=kind == "rebuilt")
        lines.append(encode_event(Event(START + number, 0, "open")) if kind == "event" else encode_frame(frame))
    step = Batch(100, lines, files[: len(lines)])
    batch = FrameDecoder([Path("a"), Path("b")], continued=continued).decode(step)
    assert list(batch.lines) == [100 + frame.time - START for frame in batch.frames]
