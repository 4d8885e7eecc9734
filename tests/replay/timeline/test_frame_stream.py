"""The frames of a timeline: all that were received, in order, whatever state the recordings are in."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedrec.errors import CorruptRecordingError, NotARecordingError, RecordingError
from feedrec.formats import Recording, create_recording, open_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.several.merge import Batch
from feedrec.model import Event, Frame, FrameInfo, Header
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.timeline.frame_batches import CONNECTIONS_PER_FILE, FrameBatch
from feedrec.replay.timeline.frame_stream import FrameStream
from feedrec.replay.timeline.lap_reader import LapReader
from feedrec.replay.timeline.timeline import Timeline

from ...timing import HANG_TIMEOUT, scaled, until, wait_until
from ..recordings import START, describe, frames_of, numbered, record, record_with_events
from .playing import batches_of, frames_in


async def count_until_damage(stream: FrameStream, kind: type[RecordingError]) -> tuple[int, str]:
    """Return how many frames come before the error, and its text."""
    count = 0
    try:
        while batch := await stream.next_batch():
            count += len(batch.frames)
    except kind as damage:
        return count, str(damage)
    pytest.fail("no damage was met")


async def rest_of(stream: FrameStream) -> list[Frame]:
    frames: list[Frame] = []
    while batch := await stream.next_batch():
        frames += batch.frames
    return frames


T = TypeVar("T")


def reading(path: Path, use: Callable[[FrameStream], Awaitable[T]]) -> T:
    async def read() -> T:
        async with FrameStream(Timeline([path])) as stream:
            return await use(stream)

    return asyncio.run(read())


def timeline_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("feedrec-timeline")]


def no_thread_stays() -> bool:
    """Return whether the threads end; a thread that was told to needs a moment."""
    wait_until(lambda: not timeline_threads())
    return True


def test_every_received_frame_is_given_in_order(tmp_path: Path) -> None:
    frames = frames_of([b'{"n":%d,"x":"%s"}' % (n, b"x" * 500) for n in range(10_000)])
    assert reading(record(tmp_path / "a.jsonl.zst", frames), rest_of) == frames


def test_at_most_five_generators_are_nested_between_disk_and_client(tmp_path: Path) -> None:
    """A frame's way is to be followed by reading function after function."""
    deepest = 0

    def count(frame: FrameType | None, event: str, _: object) -> None:
        nonlocal deepest
        depth = 0
        while event == "call" and frame is not None:
            depth += bool(frame.f_code.co_flags & inspect.CO_GENERATOR)
            frame = frame.f_back
        deepest = max(deepest, depth)

    threading.setprofile(count)
    try:
        reading(record(tmp_path / "a.jsonl.zst", numbered(1000)), rest_of)
    finally:
        threading.setprofile(None)
    assert 1 < deepest <= 5


def test_plain_jsonl_is_read_as_well(tmp_path: Path) -> None:
    assert reading(record(tmp_path / "a.jsonl", numbered(10)), rest_of) == numbered(10)


def test_what_was_sent_and_what_happened_is_left_out(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))
    received = Frame(START, 0, b"{}")
    writer.write_line(encode_event(Event(START, 0, "open")))
    writer.write_line(encode_frame(Frame(START, 0, b"{}", "out")))
    writer.write_line(encode_frame(received))
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
        while batch := await stream.next_batch():
            got += batch.frames
            stream.look_ahead()
        assert not stream.look_ahead()
        return got

    assert reading(record(tmp_path / "a.jsonl.zst", frames), read) == frames


def test_a_recording_that_is_cut_off_is_given_up_to_the_cut_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = record(tmp_path / "a.jsonl.zst", frames_of([bytes([n % 256]) * 600 for n in range(20_000)]))
    path.write_bytes(path.read_bytes()[:-2000])
    timeline = Timeline([path])

    async def read_twice() -> list[int]:
        counts = []
        for _ in range(2):
            async with FrameStream(timeline) as stream:
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
    with open_recording(path) as recording:
        assert recording.index is not None
        data[recording.index.end - 10] ^= 0xFF
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
    assert count == 600
    assert "soon after 2026-" in text


def test_a_missing_recording_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError):
        reading(tmp_path / "none.jsonl.zst", rest_of)


def test_a_recording_that_grows_is_followed_until_its_recorder_is_gone(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))
    early, late = numbered(20)[:10], numbered(20)[10:]
    for frame in early:
        writer.write_line(encode_frame(frame))

    async def read(stream: FrameStream) -> list[Frame]:
        got: list[Frame] = []
        while len(got) < len(early):
            batch = await stream.next_batch()
            assert batch is not None
            got += batch.frames
        for frame in late:
            writer.write_line(encode_frame(frame))
        await asyncio.to_thread(writer.finish)
        return got + await rest_of(stream)

    assert reading(tmp_path / "a.jsonl.zst.part", read) == early + late


def test_the_part_name_still_opens_what_was_finished_meanwhile(tmp_path: Path) -> None:
    record(tmp_path / "a.jsonl.zst", numbered(3))
    assert reading(tmp_path / "a.jsonl.zst.part", rest_of) == numbered(3)


def test_closing_ends_the_thread_that_follows_a_growing_recording(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))

    async def leave(stream: FrameStream) -> None:
        await stream.fill_reserve(patience=scaled(0.1))
        assert timeline_threads() != []

    reading(tmp_path / "a.jsonl.zst.part", leave)
    assert no_thread_stays()
    writer.discard()


def test_closing_early_ends_the_thread(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", frames_of([b"x" * 100_000] * 100))
    assert reading(path, FrameStream.next_batch) is not None
    assert no_thread_stays()


def test_files_are_closed_though_closing_is_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client may be ended while its stream is being closed, and the thread busy."""
    closed: list[Path] = []
    reading_on, may_read = threading.Event(), threading.Event()

    def close(recording: Recording) -> None:
        closed.append(recording.path)
        recording._file.close()

    def next_batch(reader: LapReader) -> Batch | None:
        batch = read_lines(reader)
        reading_on.set()
        may_read.wait(HANG_TIMEOUT)
        return batch

    async def scenario(path: Path) -> None:
        stream = FrameStream(Timeline([path]))
        await until(reading_on.is_set)
        closing = asyncio.create_task(stream.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait({closing})
        closed.clear()
        may_read.set()
        await until(lambda: closed)

    read_lines = LapReader.next_batch
    monkeypatch.setattr(LapReader, "next_batch", next_batch)
    monkeypatch.setattr(Recording, "close", close)
    asyncio.run(scenario(record(tmp_path / "a.jsonl.zst", frames_of([b"x" * 100_000] * 100))))
    assert no_thread_stays()


def test_start_is_inclusive_and_end_exclusive(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", numbered(10_000))
    timeline = Timeline([path], start=START + 4000, end=START + 9000)
    assert frames_in(batches_of(timeline)) == numbered(9000)[4000:]


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (100, None), (None, 0)])
def test_a_range_without_frames_gives_none_even_in_a_loop(tmp_path: Path, start: int | None, end: int | None) -> None:
    path = record(tmp_path / "a.jsonl.zst", numbered(10))
    since = None if start is None else START + start
    until = None if end is None else START + end
    assert batches_of(Timeline([path], start=since, end=until, loop=True)) == []


def test_positions_are_the_same_wherever_the_timeline_starts(tmp_path: Path) -> None:
    frames = numbered(20_000)
    paths = [record(tmp_path / f"{part}.jsonl.zst", frames[part::2]) for part in range(2)]
    batches = batches_of(Timeline(paths, start=START + 15_001))
    assert batches[0].start == 15_001
    assert batches[-1].end == 20_000
    for batch in batches:
        assert [frame.payload for frame in batch.frames] == [frame.payload for frame in frames[batch.start : batch.end]]


@given(position=st.integers(0, 1100), earlier=st.integers(0, 50))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
def test_a_stream_can_begin_at_any_position(tmp_path: Path, position: int, earlier: int) -> None:
    """It is told the position, and a time at or before it to read from."""
    path = tmp_path / "a.jsonl.zst"
    if not path.exists():
        record_with_events(path, range(500))

    async def read() -> list[FrameBatch]:
        start = RecordedSteady(START + max(0, position // 2 - earlier))
        batches = []
        async with FrameStream(Timeline([path]), start, position) as stream:
            while batch := await stream.next_batch():
                batches.append(batch)
        return batches

    batches = asyncio.run(read())
    assert [frame.time - START for frame in frames_in(batches)] == list(range(position // 2, 500))
    assert [batch.start for batch in batches[:1]] == [position][: len(batches)]


def test_a_position_concerns_the_first_lap_alone(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", numbered(600))

    async def read() -> list[Frame]:
        frames: list[Frame] = []
        async with FrameStream(Timeline([path], loop=True), None, 590) as stream:
            while len(frames) < 610:
                batch = await stream.next_batch()
                assert batch is not None
                frames += batch.frames
        return frames[:610]

    assert asyncio.run(read()) == numbered(600)[590:] + numbered(600)


def test_batches_follow_each_other_and_count_every_line(tmp_path: Path) -> None:
    batches = batches_of(Timeline([record_with_events(tmp_path / "a.jsonl.zst", range(5000))]))
    assert batches[0].start == 0
    assert batches[-1].end == 10_000
    assert all(first.end == second.start for first, second in pairwise(batches))


def test_a_loop_begins_again_at_the_start_with_a_new_lap(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", numbered(1000))
    batches = batches_of(Timeline([path], start=START + 900, end=START + 910, loop=True), limit=5)
    assert [batch.lap for batch in batches] == [0, 1, 2, 3, 4]
    assert all(batch.frames == numbered(910)[900:] for batch in batches)
    assert {(batch.start, batch.end) for batch in batches} == {(900, 910)}


def test_a_loop_without_an_end_plays_to_the_last_frame(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", numbered(600))
    batches = batches_of(Timeline([path], loop=True), limit=6)
    assert frames_in(batches) == numbered(600) * 2
    assert [batch.lap for batch in batches] == [0, 0, 0, 1, 1, 1]


def test_looking_ahead_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    """It stops at 8 MiB of frames that nobody took yet, and not at the first 8 MiB of all."""
    frames = frames_of([b'{"x":"%s"}' % (b"x" * 200_000)] * 150)

    async def read(stream: FrameStream) -> None:
        for _ in range(2):
            await stream.fill_reserve(HANG_TIMEOUT)
            assert not stream.look_ahead()
            taken = 0
            while taken < 8 << 20:
                batch = await stream.next_batch()
                assert batch is not None
                taken += sum(len(frame.payload) for frame in batch.frames)
            await until(stream.look_ahead)

    reading(record(tmp_path / "a.jsonl.zst", frames), read)


def test_looking_ahead_goes_one_lap_ahead_at_most(tmp_path: Path) -> None:
    async def look(timeline: Timeline) -> int:
        async with FrameStream(timeline) as stream:
            await stream.fill_reserve()
            while stream.look_ahead():
                pass
            return len(stream._decoded)

    assert asyncio.run(look(Timeline([record(tmp_path / "a.jsonl.zst", numbered(3))], loop=True))) == 2


def test_several_recordings_are_merged_by_time(tmp_path: Path) -> None:
    frames = frames_of([b'{"n":%d,"x":"%s"}' % (n, b"x" * 300) for n in range(20_000)])
    paths = [record(tmp_path / f"{part}.jsonl.zst", frames[part::3]) for part in range(3)]
    got = frames_in(batches_of(Timeline(paths)))
    assert [frame.payload for frame in got] == [frame.payload for frame in frames]


def test_connections_of_two_recordings_do_not_collide(tmp_path: Path) -> None:
    paths = [record(tmp_path / f"{part}.jsonl.zst", numbered(3)) for part in range(2)]
    conns = [frame.conn for frame in frames_in(batches_of(Timeline(paths)))]
    assert conns == [0, CONNECTIONS_PER_FILE] * 3


def test_rotated_recordings_are_one(tmp_path: Path) -> None:
    frames = numbered(9000)
    paths = [record(tmp_path / f"{part}.jsonl.zst", frames[part * 3000 : part * 3000 + 3000]) for part in range(3)]
    batches = batches_of(Timeline(paths, start=START + 2999, end=START + 6001))
    assert [frame.payload for frame in frames_in(batches)] == [frame.payload for frame in frames[2999:6001]]
    assert (batches[0].start, batches[-1].end) == (2999, 6001)


def test_the_last_of_several_recordings_is_followed_while_it_grows(tmp_path: Path) -> None:
    """Even if it holds nothing yet, those before it are played at once."""
    frames = numbered(300)
    first = record(tmp_path / "a.jsonl.zst", frames[:100])
    writer = create_recording(tmp_path / "b.jsonl.zst", Header("raw", created=START + 100))
    timeline = Timeline([first, tmp_path / "b.jsonl.zst.part"])

    async def read() -> list[bytes]:
        async with FrameStream(timeline) as stream:
            batch = await stream.next_batch()
            assert batch is not None
            assert batch.frames == frames[:100]
            for frame in frames[100:]:
                writer.write_line(encode_frame(frame))
            await asyncio.to_thread(writer.finish)
            return [frame.payload for frame in batch.frames + await rest_of(stream)]

    assert asyncio.run(read()) == [frame.payload for frame in frames]


def test_damage_of_one_recording_comes_after_all_that_is_before_it(tmp_path: Path) -> None:
    first = record(tmp_path / "a.jsonl.zst", numbered(10))
    second = record(tmp_path / "b.jsonl", numbered(20)[10:])
    second.write_bytes(second.read_bytes() + b'{"neither":1}\n')

    async def read() -> tuple[int, str]:
        async with FrameStream(Timeline([first, second])) as stream:
            return await count_until_damage(stream, RecordingError)

    count, text = asyncio.run(read())
    assert count == 20
    assert text.startswith(str(second))


def test_the_others_go_on_where_one_recording_is_cut_off(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = numbered(2000)
    first = record(tmp_path / "a.jsonl.zst", frames[::2])
    first.write_bytes(first.read_bytes()[:-3])
    second = record(tmp_path / "b.jsonl.zst", frames[1::2])
    got = [frame for frame in frames_in(batches_of(Timeline([first, second]))) if frame.conn]
    assert len(got) == 1000
    assert caplog.text.count("cut off") == 1


def test_infos_are_what_describe_says_of_each_frame(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))
    for frame in [Frame(START, 0, b"{}"), Frame(START, 0, b"no JSON"), Frame(START, 0, b"\xff", binary=True)]:
        writer.write_line(encode_frame(frame))
    (batch,) = batches_of(Timeline([writer.finish()], describe=describe))
    assert batch.infos == [describe(b"{}"), describe(b"no JSON"), FrameInfo()]


def test_without_describe_there_are_no_infos(tmp_path: Path) -> None:
    (batch,) = batches_of(Timeline([record(tmp_path / "a.jsonl", numbered(3))]))
    assert batch.infos == []


def test_waiting_for_a_batch_can_be_cancelled_and_begun_again(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))

    async def read(stream: FrameStream) -> list[Frame]:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream.next_batch(), scaled(0.05))
        for frame in numbered(5):
            writer.write_line(encode_frame(frame))
        await asyncio.to_thread(writer.finish)
        return await rest_of(stream)

    assert reading(tmp_path / "a.jsonl.zst.part", read) == numbered(5)
