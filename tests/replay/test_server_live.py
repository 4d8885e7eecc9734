"""A recording that is being written is replayed from its end, in step with its recorder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from feedrec.errors import UsageError
from feedrec.formats import RecordingWriter, create_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import Event, Frame, Header
from feedrec.replay import ReplayOptions, ReplayServer
from feedrec.replay.steering import stage
from feedrec.replay.venue import endpoints

from ..timing import HANG_TIMEOUT, until, wait_until
from .fake_venue import MILLISECOND, START, FakeVenue
from .raw_client import run
from .recordings import record


@pytest.fixture(autouse=True)
def _venue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "venue_of", {"north": FakeVenue("north")}.get)
    monkeypatch.setattr(stage, "LATENCY", 10 * MILLISECOND)  # what is written here can be read at once


class Recorder:
    """Writes a recording, and what is written can be read."""

    def __init__(self, path: Path, times: list[int]) -> None:
        self.writer: RecordingWriter = create_recording(path, Header("north", created=START))
        self.path = path.with_name(f"{path.name}.part")
        self.write(*times)

    def write(self, *times: int) -> None:
        """Write frames of so many milliseconds after `START`."""
        for time in times:
            self.writer.write_line(encode_frame(Frame(START + time * MILLISECOND, 0, f"north {time}".encode())))
        if times:
            wait_until(lambda: self._has_written(f"north {times[-1]}"))

    def _has_written(self, payload: str) -> bool:
        self.writer.flush()
        return f'"{payload}"' in self.path.read_text()


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    recorder = Recorder(tmp_path / "a.jsonl", [0, 10, 20])
    yield recorder
    recorder.writer.discard()


def options(**changes: Any) -> ReplayOptions:
    return ReplayOptions(**{"port": 0, "live": True, "settle": 0.0, **changes})


async def begin(client: ClientConnection, last: str) -> None:
    """Subscribe, and take what there is: the last frame so far is in the state, or comes after it."""
    await client.send("subscribe")
    while not (await take(client, 1))[0].endswith(last):
        pass


async def take(client: ClientConnection, count: int) -> list[str]:
    async with asyncio.timeout(HANG_TIMEOUT):
        return [str(await client.recv()) for _ in range(count)]


def test_a_client_begins_with_the_last_frame_and_gets_what_comes(recorder: Recorder) -> None:
    """Before that it gets the state; it is closed when the recorder has finished."""

    async def scenario() -> None:
        async with ReplayServer(recorder.path, options()) as server, connect(server.url) as client:
            await begin(client, "north 20")
            for time in (30, 31, 90):
                recorder.write(time)
                assert await take(client, 1) == [f"north {time}"]
            await asyncio.to_thread(recorder.writer.finish)
            async with asyncio.timeout(HANG_TIMEOUT):
                assert [message async for message in client] == []
            assert client.protocol.close_code == 1000

    run(scenario())


def test_a_client_that_comes_later_begins_at_the_end_then_and_need_not_wait_for_a_frame(recorder: Recorder) -> None:
    async def scenario() -> None:
        async with ReplayServer(recorder.path, options()) as server:
            await until(lambda: server.steering.position == 1)
            recorder.write(30, 40)
            await until(lambda: server.steering.position == 3)
            async with connect(server.url) as late:
                await late.send("subscribe")
                (state,) = await take(late, 1)
                assert state.endswith("state: north 40")
                recorder.write(50)
                assert await take(late, 1) == ["north 50"]
                async with connect(server.url) as later:
                    await later.send("subscribe")
                    assert (await take(later, 1))[0].endswith("state: north 50")
                    recorder.write(60)
                    assert await take(later, 1) == await take(late, 1) == ["north 60"]

    run(scenario())


def test_time_passes_also_while_nobody_is_connected(recorder: Recorder) -> None:
    """So nobody is sent what was recorded before, not even after all have left."""

    async def scenario() -> None:
        async with ReplayServer(recorder.path, options()) as server:
            async with connect(server.url) as first:
                await begin(first, "north 20")
            recorder.write(30, 40)
            await until(lambda: server.steering.position == 3)
            async with connect(server.url) as second:
                await second.send("subscribe")
                assert (await take(second, 1))[0].endswith("state: north 40")
            assert server.steering.status().state == "playing"

    run(scenario())


def test_what_can_be_read_late_makes_all_later_once_and_is_not_skipped(recorder: Recorder) -> None:
    """A recorder that wrote nothing for minutes, and then all at once."""

    async def scenario() -> None:
        async with ReplayServer(recorder.path, options()) as server, connect(server.url) as client:
            await begin(client, "north 20")
            recorder.write(21, 22)
            assert await take(client, 2) == ["north 21", "north 22"]
            (found,) = server.steering.status().clients
            assert found.frames >= 2

    run(scenario())


def test_events_at_the_end_and_several_recordings_make_no_difference(recorder: Recorder, tmp_path: Path) -> None:
    before = record(tmp_path / "before.jsonl.zst", [Frame(START - 1000 * MILLISECOND, 0, b"north -1000")], "north")
    recorder.writer.write_line(encode_event(Event(START + 25 * MILLISECOND, 0, "clock")))
    recorder.writer.flush()

    async def scenario() -> None:
        async with ReplayServer([before, recorder.path], options()) as server, connect(server.url) as client:
            await begin(client, "north 20")
            recorder.write(30)
            assert await take(client, 1) == ["north 30"]

    run(scenario())


def test_a_recording_without_a_frame_begins_with_its_first(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.jsonl", [])

    async def scenario() -> None:
        async with ReplayServer(recorder.path, options()) as server, connect(server.url) as client:
            await client.send("subscribe")
            recorder.write(5)
            assert (await take(client, 2))[1] == "north 5"

    run(scenario())
    recorder.writer.discard()


def test_a_recording_that_is_finished_is_refused(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl", [Frame(START, 0, b"north 0")], "north")

    async def scenario() -> None:
        with pytest.raises(UsageError, match=r"a\.jsonl is finished, and nothing of it is live"):
            await ReplayServer(path, options()).start()

    run(scenario())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"speed": 2.0}, "--speed"),
        ({"clock": "each"}, "--clock each"),
        ({"loop": True}, "--loop"),
        ({"max_gap": 1.0}, "--max-gap"),
        ({"wait_for": 2}, "--wait-for"),
        ({"mode": "dialogue"}, "--mode dialogue"),
        ({"paused": True}, "paused"),
    ],
    ids=str,
)
def test_what_is_not_live_is_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=f"leave out {named}"):
        options(**changes)


def test_another_beginning_is_refused(recorder: Recorder) -> None:
    async def scenario() -> None:
        with pytest.raises(UsageError, match="leave out start, or live"):
            await ReplayServer(recorder.path, options(start=START)).start()

    run(scenario())
