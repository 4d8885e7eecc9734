"""A recorder that is killed loses at most the last second."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve

from feedrec.errors import TruncatedRecordingError
from feedrec.formats import open_recording
from feedrec.model import Frame

KILLS = 10
FRAMES_PER_SECOND = 100
MOST_LOST = 1.0
SLACK = 0.3
"""Seconds between sending here and arriving there, on a machine that runs ten recorders at once."""


def payload(number: int) -> bytes:
    """Give a frame as the venue sends it."""
    return b'{"channel":"heartbeats","sequence_num":%d,"events":[]}' % number


async def send_slowly(connection: ServerConnection, sent: list[float]) -> None:
    """Send frames at a steady pace; note when each was sent."""
    await connection.recv()
    with contextlib.suppress(Exception):
        while True:
            await connection.send(payload(len(sent)).decode())
            sent.append(time.monotonic())
            await asyncio.sleep(1 / FRAMES_PER_SECOND)


async def record_until_killed(target: Path, seconds: float) -> tuple[list[float], float]:
    """Run a recorder, kill it; give the times at which frames were sent, and that of the kill."""
    sent: list[float] = []
    async with serve(lambda connection: send_slowly(connection, sent), "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        url = f"ws://127.0.0.1:{port}"
        process = subprocess.Popen(
            [sys.executable, "-m", "feedrec", "record", "--url", url, "-qq", "-o", str(target)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not sent:
                await asyncio.sleep(0.05)
            await asyncio.sleep(seconds)
        finally:
            killed = time.monotonic()
            process.send_signal(signal.SIGKILL)
            process.wait()
    return sent, killed


def test_ten_killed_recorders_lose_at_most_the_last_second(tmp_path: Path) -> None:
    """Whenever it is killed, every frame sent more than a second before is in the file, and all of it reads."""
    targets = [tmp_path / f"{number}.jsonl.zst" for number in range(KILLS)]

    async def record_all() -> list[tuple[list[float], float]]:
        runs = (record_until_killed(target, random.uniform(1.2, 4.0)) for target in targets)
        return await asyncio.wait_for(asyncio.gather(*runs), 60)

    for target, (sent, killed) in zip(targets, asyncio.run(record_all()), strict=True):
        part = target.with_name(target.name + ".part")
        found: list[bytes] = []
        with contextlib.suppress(TruncatedRecordingError), open_recording(part) as recording:
            found.extend(
                record.payload for record in recording if isinstance(record, Frame) and record.direction == "in"
            )
        assert found == [payload(number) for number in range(len(found))]
        owed = sum(moment < killed - MOST_LOST - SLACK for moment in sent)
        assert len(found) >= owed
        assert owed > 0 or killed - sent[0] < MOST_LOST + SLACK
        assert not target.exists()
