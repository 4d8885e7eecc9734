"""The timeline: the received frames of a recording in order, whatever state the file is in."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import CorruptRecordingError, NotARecordingError, RecordingError
from feedrec.formats import create_recording
from feedrec.formats.lines import encode_event, encode_frame
from feedrec.model import Event, Frame, Header
from feedrec.replay.timeline import FrameStream, Timeline, in_steps

START = 1_786_309_548_000_000_000


def frames_of(payloads: Sequence[bytes]) -> list[Frame]:
    return [Frame(START + number, 0, payload) for number, payload in enumerate(payloads)]


def numbered(count: int) -> list[Frame]:
    return frames_of([b'{"number":%d}' % number for number in range(count)])


def record(path: Path, frames: Sequence[Frame]) -> Path:
    writer = create_recording(path, Header("raw", created=START))
    for frame in frames:
        writer.write(encode_frame(frame))
    return writer.finish()


async def count_until_damage(stream: FrameStream, kind: type[RecordingError]) -> tuple[int, str]:
    """Give how many frames come before the error, and its text."""
    count = 0
    try:
        while frames := await stream.next_frames():
            count += len(frames)
    except kind as damage:
        return count, str(damage)
    pytest.fail("no damage was met")


async def rest_of(stream: FrameStream) -> list[Frame]:
    frames: list[Frame] = []
    while some := await stream.next_frames():
        frames += some
    return frames


T = TypeVar("T")


def reading(path: Path, use: Callable[[FrameStream], Awaitable[T]]) -> T:
    async def read() -> T:
        async with Timeline(path).open() as stream:
            return await use(stream)

    return asyncio.run(read())


def timeline_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("feedrec-timeline")]


def no_thread_stays() -> bool:
    """Tell whether the threads end; a thread that was told to needs a moment."""
    for _ in range(100):
        if not timeline_threads():
            return True
        time.sleep(0.01)
    return False


def test_every_received_frame_is_given_in_order(tmp_path: Path) -> None:
    frames = frames_of([b'{"n":%d,"x":"%s"}' % (n, b"x" * 500) for n in range(10_000)])
    assert reading(record(tmp_path / "a.jsonl.zst", frames), rest_of) == frames


def test_plain_jsonl_is_read_as_well(tmp_path: Path) -> None:
    assert reading(record(tmp_path / "a.jsonl", numbered(10)), rest_of) == numbered(10)


def test_what_was_sent_and_what_happened_is_left_out(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))
    received = Frame(START, 0, b"{}")
    writer.write(encode_event(Event(START, 0, "open")))
    writer.write(encode_frame(Frame(START, 0, b"{}", "out")))
    writer.write(encode_frame(received))
    assert reading(writer.finish(), rest_of) == [received]


def test_an_empty_recording_has_no_frames(tmp_path: Path) -> None:
    assert reading(record(tmp_path / "a.jsonl.zst", []), rest_of) == []


def test_after_the_end_there_is_still_nothing(tmp_path: Path) -> None:
    async def read_twice(stream: FrameStream) -> list[Frame]:
        return await rest_of(stream) + await rest_of(stream)

    assert reading(record(tmp_path / "a.jsonl.zst", numbered(3)), read_twice) == numbered(3)


def test_looking_ahead_changes_nothing_but_when_lines_are_decoded(tmp_path: Path) -> None:
    frames = frames_of([b'{"x":"%s"}' % (b"x" * 3000)] * 5000)

    async def read(stream: FrameStream) -> list[Frame]:
        await stream.fill_reserve()
        got: list[Frame] = []
        while some := await stream.next_frames():
            got += some
            stream.look_ahead()
        assert not stream.look_ahead()
        return got

    assert reading(record(tmp_path / "a.jsonl.zst", frames), read) == frames


def test_a_recording_that_is_cut_off_is_given_up_to_the_cut_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = record(tmp_path / "a.jsonl.zst", frames_of([bytes([n % 256]) * 600 for n in range(20_000)]))
    path.write_bytes(path.read_bytes()[:-2000])
    timeline = Timeline(path)

    async def read_twice() -> list[int]:
        counts = []
        for _ in range(2):
            async with timeline.open() as stream:
                counts.append(len(await rest_of(stream)))
        return counts

    with caplog.at_level(logging.WARNING):
        first, second = asyncio.run(read_twice())
    assert 0 < first == second < 20_000
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "cut off" in caplog.text


def test_damage_is_an_error_after_all_that_is_good(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", frames_of([b'{"n":%d}' % n + b" " * 900 for n in range(5_000)]))
    data = bytearray(path.read_bytes())
    data[-40] ^= 0xFF
    path.write_bytes(data)

    count, _ = reading(path, lambda stream: count_until_damage(stream, CorruptRecordingError))
    assert count > 1000


def test_a_line_that_is_none_is_an_error_after_all_before_it(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl", numbered(600))
    path.write_bytes(path.read_bytes() + b'{"neither":1}\n')

    async def read(stream: FrameStream) -> tuple[int, str]:
        await stream.fill_reserve()
        return await count_until_damage(stream, RecordingError)

    count, text = reading(path, read)
    assert count == 512
    assert "soon after 2026-" in text


def test_a_missing_recording_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError):
        Timeline(tmp_path / "none.jsonl.zst").read_header()
    with pytest.raises(NotARecordingError):
        reading(tmp_path / "none.jsonl.zst", rest_of)


def test_a_recording_that_grows_is_followed_until_its_recorder_is_gone(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))
    early, late = numbered(20)[:10], numbered(20)[10:]
    for frame in early:
        writer.write(encode_frame(frame))

    async def read(stream: FrameStream) -> list[Frame]:
        got: list[Frame] = []
        while len(got) < len(early):
            got += await stream.next_frames()
        for frame in late:
            writer.write(encode_frame(frame))
        await asyncio.to_thread(writer.finish)
        return got + await rest_of(stream)

    assert reading(tmp_path / "a.jsonl.zst.part", read) == early + late


def test_the_part_name_still_opens_what_was_finished_meanwhile(tmp_path: Path) -> None:
    record(tmp_path / "a.jsonl.zst", numbered(3))
    assert reading(tmp_path / "a.jsonl.zst.part", rest_of) == numbered(3)


def test_closing_ends_the_thread_that_follows_a_growing_recording(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))

    async def leave(stream: FrameStream) -> None:
        await stream.fill_reserve(patience=0.1)
        assert timeline_threads() != []

    reading(tmp_path / "a.jsonl.zst.part", leave)
    assert no_thread_stays()
    writer.discard()


def test_closing_early_ends_the_thread(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", frames_of([b"x" * 100_000] * 100))
    assert reading(path, FrameStream.next_frames) != []
    assert no_thread_stays()


@given(st.lists(st.integers(0, 400_000), max_size=400))
def test_steps_are_all_lines_in_order_in_small_runs(sizes: list[int]) -> None:
    lines = [bytes(size) for size in sizes]
    steps = list(in_steps(lines))
    assert [line for step in steps for line in step] == lines
    assert all(len(step) <= 256 for step in steps)
    assert all(len(step) == 1 or sum(map(len, step)) <= 1 << 18 for step in steps)
