"""One reading for all clients: read once, and nobody waits for anybody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import RecordingError
from feedrec.formats import create_recording
from feedrec.formats.file.recording_file import RecordingFile
from feedrec.formats.line.codec import encode_frame
from feedrec.model import NANOSECONDS, Frame, FrameInfo, Header
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.timeline.frame_stream import FrameSource, FrameStream
from feedrec.replay.timeline.shared_timeline import WINDOW, SharedTimeline
from feedrec.replay.timeline.timeline import Timeline

from ...timing import HANG_TIMEOUT, wait_until
from ..recordings import START, frames_of, numbered, record

MIB = 1 << 20


class Counter:
    """Counts the bytes that are read from recordings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bytes_read = 0
        read_at = RecordingFile.read_at

        def counted(file: RecordingFile, offset: int, size: int) -> bytes:
            data = read_at(file, offset, size)
            self.bytes_read += len(data)
            return data

        monkeypatch.setattr(RecordingFile, "read_at", counted)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """Run a scenario; afterwards no thread of a timeline may be left."""
    asyncio.run(asyncio.wait_for(scenario, HANG_TIMEOUT))
    wait_until(lambda: not any(thread.name.startswith("feedrec-timeline") for thread in threading.enumerate()))


async def take(source: FrameSource, count: int | None = None) -> list[Frame]:
    """Take all frames, or at least so many."""
    frames: list[Frame] = []
    while (count is None or len(frames) < count) and (batch := await source.next_batch()):
        frames += batch.frames[batch.first :]
    return frames


async def taken_from(timeline: SharedTimeline, start: RecordedSteady | None = None) -> list[Frame]:
    async with timeline.open(start) as source:
        await source.fill_reserve()
        return await take(source)


def large(count: int) -> list[Frame]:
    return frames_of([b'{"n":%d,"x":"%s"}' % (n, b"x" * 10_000) for n in range(count)])


def test_ten_clients_read_a_recording_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They get every frame, and as many bytes are read as for one."""
    frames = large(2000)
    path = record(tmp_path / "a.jsonl.zst", frames)
    counter = Counter(monkeypatch)

    async def scenario() -> None:
        recordings = Timeline([path])
        recordings.beginnings()  # they are looked at once
        counter.bytes_read = 0
        timeline = SharedTimeline(recordings)
        assert await taken_from(timeline) == frames
        for_one, counter.bytes_read = counter.bytes_read, 0
        taken = await asyncio.gather(*(taken_from(timeline) for _ in range(10)))
        assert all(one == frames for one in taken)
        assert counter.bytes_read == for_one

    run(scenario())


@pytest.mark.parametrize("seed", range(5))
def test_clients_that_take_at_their_own_pace_get_every_frame(tmp_path: Path, seed: int) -> None:
    """However far they fall behind, wherever they join, and whoever leaves."""
    frames = large(1000)
    path = record(tmp_path / "a.jsonl.zst", frames)
    chance = random.Random(seed)

    async def client(timeline: SharedTimeline, start: int) -> None:
        await asyncio.sleep(chance.random() * 0.05)
        patience, stays = chance.choice([0.0, 0.0, 0.005]), chance.random() < 0.7
        taken: list[Frame] = []
        async with timeline.open(RecordedSteady(START + start) if start else None) as source:
            while batch := await source.next_batch():
                taken += batch.frames[batch.first :]
                await asyncio.sleep(patience)
                source.look_ahead()
                if not stays and chance.random() < 0.02:
                    break
        assert taken == frames[start : start + len(taken)]
        assert not stays or len(taken) == len(frames) - start

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([path]), MIB)
        await asyncio.gather(*(client(timeline, chance.choice([0, 0, 100, 900])) for _ in range(8)))

    run(scenario())


def test_a_client_that_is_far_behind_reads_by_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """From where it is: no frame is lost or doubled, and nobody waits for it."""
    frames = large(1000)

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([record(tmp_path / "a.jsonl.zst", frames)]), MIB)
        async with timeline.open(None) as ahead, timeline.open(None) as behind:
            begun = await take(behind, 1)
            assert await take(ahead) == frames
            assert begun + await take(behind) == frames

    with caplog.at_level(logging.INFO, logger="feedrec"):
        run(scenario())
    assert [record.getMessage() for record in caplog.records] == [
        "a client is more than 1 MiB behind the others: it reads on alone"
    ]


def test_a_client_joins_in_the_window_and_reads_nothing_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the others are; before that, it reads by itself."""
    frames = large(1000)
    path = record(tmp_path / "a.jsonl.zst", frames)
    counter = Counter(monkeypatch)

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([path]))
        async with timeline.open(None) as early:
            begun = await take(early, 500)
            present = len(begun) - 5
            before = counter.bytes_read
            async with timeline.open(RecordedSteady(START + present)) as late:
                rest = await take(late)
                assert rest == frames[present:]
                assert begun + await take(early) == frames
                shared = counter.bytes_read - before
            before = counter.bytes_read
            async with timeline.open(RecordedSteady(START + 100)) as too_late:
                assert await take(too_late) == frames[100:]
            assert counter.bytes_read > before
            assert shared < path.stat().st_size

    run(scenario())


def test_a_client_may_join_ahead_of_all_others(tmp_path: Path) -> None:
    """Those who are behind then get what it passed over."""
    frames = large(1000)

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([record(tmp_path / "a.jsonl.zst", frames)]))
        async with timeline.open(None) as early, timeline.open(RecordedSteady(START + 700)) as late:
            assert await take(late) == frames[700:]
            assert await take(early) == frames
        async with timeline.open(None) as early, timeline.open(RecordedSteady(START + 5000)) as after_the_end:
            assert await take(after_the_end) == []
            assert await take(early) == frames

    run(scenario())


def test_who_goes_far_ahead_of_the_others_does_not_wait_for_all_in_between(tmp_path: Path) -> None:
    """It reads from about there on; who goes there next shares that."""
    frames = frames_of([b'{"n":%d,"x":"%s"}' % (n, b"x" * 1000) for n in range(9000)], NANOSECONDS)
    path = record(tmp_path / "a.jsonl.zst", frames)
    described: list[bytes] = []

    def note(payload: bytes) -> FrameInfo:
        described.append(payload)
        return FrameInfo()

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([path], describe=note))
        there = RecordedSteady(START + 8900 * NANOSECONDS)
        async with timeline.open(None) as early:
            await take(early, 5)
            described.clear()
            async with timeline.open(there) as far, timeline.open(there) as beside:
                assert await take(far) == await take(beside) == frames[8900:]
            assert len(described) < 2000

    run(scenario())


def test_when_everybody_has_left_it_begins_where_it_is_opened_next(tmp_path: Path) -> None:
    frames = numbered(1000)

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([record(tmp_path / "a.jsonl.zst", frames)]))
        async with timeline.open(None) as source:
            await take(source, 300)
        assert await taken_from(timeline, RecordedSteady(START + 700)) == frames[700:]
        assert await taken_from(timeline) == frames

    run(scenario())


def test_clients_that_begin_one_after_another_share_a_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the first of them is not too far ahead: the beginning is kept for them."""
    frames = large(1000)
    path = record(tmp_path / "a.jsonl.zst", frames)
    counter = Counter(monkeypatch)

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([path]), keeps_beginning=True)
        async with timeline.open(None) as first:
            taken = await take(first, 900)
            before = counter.bytes_read
            for _ in range(5):
                assert await taken_from(timeline) == frames
            assert taken + await take(first) == frames
        assert counter.bytes_read - before < path.stat().st_size

    run(scenario())


def test_clients_that_fall_behind_together_read_on_together(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = large(1500)

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([record(tmp_path / "a.jsonl.zst", frames)]), MIB)
        async with contextlib.AsyncExitStack() as stack:
            ahead, *behind = [await stack.enter_async_context(timeline.open(None)) for _ in range(11)]
            begun = [await take(source, 1) for source in behind]
            assert await take(ahead) == frames
            rest = await asyncio.gather(*(take(source) for source in behind))
            assert [first + more for first, more in zip(begun, rest, strict=True)] == [frames] * 10

    with caplog.at_level(logging.INFO, logger="feedrec"):
        run(scenario())
    assert len(caplog.records) == 1


def test_the_more_readings_there_are_the_less_each_of_them_holds(tmp_path: Path) -> None:
    """And more again when they are fewer."""
    path = record(tmp_path / "a.jsonl.zst", large(500))

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([path]))
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(64):
                source = await stack.enter_async_context(timeline.open(None))
                await take(source, 300)
            held = [reading.window.limit + reading.stream.reserve for reading in timeline._readings]
            assert len(held) == 64
            assert sum(held) <= 192 * MIB
        async with timeline.open(None):
            assert [reading.window.limit for reading in timeline._readings] == [WINDOW]

    run(scenario())


def test_a_timeline_that_is_looped_is_read_by_each_client_alone(tmp_path: Path) -> None:
    frames = large(20)

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([record(tmp_path / "a.jsonl.zst", frames)], loop=True), keeps_beginning=True)
        async with timeline.open(None) as one, timeline.open(None) as other:
            for source in (one, other):
                assert (await take(source, 50))[:50] == (frames * 3)[:50]
            assert len(timeline._readings) == 2

    run(scenario())


def test_damage_is_an_error_for_every_client(tmp_path: Path) -> None:
    """After all that is good, for those who share and for those who read by themselves."""
    frames = large(300)
    path = record(tmp_path / "a.jsonl", frames)
    with path.open("ab") as file:
        file.write(b'{"neither":1}\n')

    async def client(timeline: SharedTimeline, patience: float) -> None:
        taken: list[Frame] = []

        async def take_all(source: FrameSource) -> None:
            while batch := await source.next_batch():
                taken.extend(batch.frames)
                await asyncio.sleep(patience)

        async with timeline.open(None) as source:
            with pytest.raises(RecordingError, match="not a line of a recording"):
                await take_all(source)
        assert taken == frames

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([path]), MIB)
        await asyncio.gather(*(client(timeline, patience) for patience in (0, 0, 0.02)))

    run(scenario())


def test_the_reserve_is_filled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the first of all; another would keep those waiting who play already."""
    fills: list[FrameStream] = []
    fill_reserve = FrameStream.fill_reserve

    async def counted(stream: FrameStream) -> None:
        fills.append(stream)
        await fill_reserve(stream)

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([record(tmp_path / "a.jsonl.zst", numbered(3))]))
        await asyncio.gather(*(taken_from(timeline) for _ in range(5)))

    monkeypatch.setattr(FrameStream, "fill_reserve", counted)
    run(scenario())
    assert len(fills) == 1


def test_looking_ahead_takes_nothing_from_who_waits(tmp_path: Path) -> None:
    """What it waits for may be there, and it not have noticed yet."""
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))
    frames = numbered(20)

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([tmp_path / "a.jsonl.zst.part"]))
        async with timeline.open(None) as waits, timeline.open(None) as looks:
            waiting = asyncio.create_task(take(waits))
            await asyncio.sleep(0.01)
            for frame in frames:
                writer.write_line(encode_frame(frame))
            finishing = asyncio.create_task(asyncio.to_thread(writer.finish))
            while not waiting.done():
                looks.look_ahead()
                await asyncio.sleep(0)
            assert await waiting == await take(looks) == frames
            await finishing

    run(scenario())


def test_a_client_that_leaves_while_it_waits_leaves_the_others_waiting(tmp_path: Path) -> None:
    """For a recording that grows."""
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))
    frames = numbered(20)

    async def scenario() -> None:
        timeline = SharedTimeline(Timeline([tmp_path / "a.jsonl.zst.part"]))
        async with timeline.open(None) as stays:
            async with timeline.open(None) as leaves:
                leaving = asyncio.create_task(leaves.next_batch())
                await asyncio.sleep(0)
                staying = asyncio.create_task(stays.next_batch())
                await asyncio.sleep(0.01)
                assert not stays.look_ahead()
                leaving.cancel()
                await asyncio.wait({leaving})
            for frame in frames:
                writer.write_line(encode_frame(frame))
            await asyncio.to_thread(writer.finish)
            batch = await staying
            assert batch is not None
            assert batch.frames + await take(stays) == frames

    run(scenario())
