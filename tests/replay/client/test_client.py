"""The replay to one client among others, with real sockets: who is slow harms nobody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path

import pytest

from feedrec.formats.file.recording_file import RecordingFile
from feedrec.replay import ClientResult, ReplayOptions, ReplayServer

from ...timing import HANG_TIMEOUT
from ..raw_client import CLOSE_1000, RawClient, as_messages, replayed_to_raw_client, run
from ..recordings import frames_of, record

MILLISECOND = 1_000_000


def options(clock: str = "shared", speed: float = 1.0) -> ReplayOptions:
    return ReplayOptions(port=0, speed=speed, clock=clock, write_deadline=HANG_TIMEOUT)  # type: ignore[arg-type]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the size of everything that is read from recordings."""
    sizes: list[int] = []
    read_at = RecordingFile.read_at

    def counted(file: RecordingFile, offset: int, size: int) -> bytes:
        data = read_at(file, offset, size)
        sizes.append(len(data))
        return data

    monkeypatch.setattr(RecordingFile, "read_at", counted)
    return sizes


def test_clients_that_share_one_time_share_one_reading(tmp_path: Path, reads: list[int]) -> None:
    """As many bytes are read for five of them as for one."""
    frames = frames_of([b'{"n":%d,"x":"%s"}' % (n, b"x" * 3000) for n in range(500)], MILLISECOND)
    path = record(tmp_path / "a.jsonl.zst", frames)
    results: list[ClientResult] = []

    async def bytes_for(count: int) -> int:
        async with (
            ReplayServer(path, options(), on_client_end=results.append) as server,
            contextlib.AsyncExitStack() as stack,
        ):
            clients = [await stack.enter_async_context(RawClient(server.port)) for _ in range(count)]
            reads.clear()
            for messages in await asyncio.gather(*(client.receive_all() for client in clients)):
                assert messages[-1] == CLOSE_1000
                assert messages == [*as_messages(frames), CLOSE_1000][-len(messages) :]
            return sum(reads)

    async def scenario() -> None:
        assert await bytes_for(5) == await bytes_for(1)

    run(scenario())
    assert [result.outcome for result in results] == ["finished"] * 6


def test_a_client_that_stopped_reading_for_long_holds_up_nobody_and_misses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The others come to the end while it reads nothing; then it gets every frame, once and in order."""
    frames = frames_of([b'{"n":%d,"x":"%s"}' % (n, b"x" * 60_000) for n in range(700)], MILLISECOND)

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", frames)
        async with (
            ReplayServer(path, options()) as server,
            RawClient(server.port, receive_buffer=4096) as slow,
        ):
            slow.send()
            got = [await slow.receive()]
            for messages in await asyncio.gather(*(replayed_to_raw_client(server.port) for _ in range(2))):
                assert messages == [*as_messages(frames), CLOSE_1000][-len(messages) :]
            while got[-1] != CLOSE_1000:
                got.append(await slow.receive())
            assert got == [*as_messages(frames), CLOSE_1000]

    with caplog.at_level(logging.INFO, logger="feedrec"):
        run(scenario())
    assert [text for text in caplog.messages if "reads on alone" in text] != []
