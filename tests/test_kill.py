"""
A recorder that is killed loses at most the last second.

What it has received by then is what it has answered: a ping follows each frame. A busy machine may keep it from
reading, but what it has read and not yet written is of one second.
"""

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

from .timing import scaled, until

KILLS = 10
FRAMES_PER_SECOND = 50
MOST_LOST = 1.0
SLACK = scaled(0.3)
"""Seconds that the recorder's own thread may be late, on a machine that runs ten recorders at once."""


def payload(number: int) -> bytes:
    """Give a frame as the venue sends it."""
    return b'{"channel":"heartbeats","sequence_num":%d,"events":[]}' % number


class Sent:
    """The frames that a recorder was sent, in order: when each was sent, and by when it had been received."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.received: list[float] = []

    async def send(self, connection: ServerConnection) -> None:
        """Send frames at a steady pace, each with a ping."""
        await connection.recv()
        with contextlib.suppress(Exception):
            while True:
                self.times.append(time.monotonic())
                await connection.send(payload(len(self.times) - 1).decode())
                asyncio.ensure_future(await connection.ping()).add_done_callback(self._answered)
                await asyncio.sleep(1 / FRAMES_PER_SECOND)

    def _answered(self, pong: asyncio.Future[float]) -> None:
        if not pong.cancelled() and pong.exception() is None:
            self.received.append(time.monotonic())

    def span_lost(self, found: int) -> float:
        """Return the seconds that were lost at least: between the first and the last frame received and not found."""
        count = len(self.received)
        return max(0.0, self.times[count - 1] - self.received[found]) if found < count else 0.0


async def record_until_killed(target: Path, seconds: float) -> Sent:
    """Run a recorder, and kill it so many seconds after the first frame."""
    sent = Sent()
    async with serve(sent.send, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        url = f"ws://127.0.0.1:{port}"
        process = subprocess.Popen(
            [sys.executable, "-m", "feedrec", "record", "--url", url, "-qq", "-o", str(target)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            await until(lambda: sent.received)
            await asyncio.sleep(scaled(seconds))
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    return sent


def test_ten_killed_recorders_lose_at_most_the_last_second(tmp_path: Path) -> None:
    """Whenever it is killed, the frames received and not in the file are of one second, and all of the file reads."""
    targets = [tmp_path / f"{number}.jsonl.zst" for number in range(KILLS)]

    async def record_all() -> list[Sent]:
        return await asyncio.gather(*(record_until_killed(target, random.uniform(1.2, 4.0)) for target in targets))

    count = 0
    for target, sent in zip(targets, asyncio.run(record_all()), strict=True):
        part = target.with_name(target.name + ".part")
        found: list[bytes] = []
        with contextlib.suppress(TruncatedRecordingError), open_recording(part) as recording:
            found.extend(
                record.payload for record in recording if isinstance(record, Frame) and record.direction == "in"
            )
        assert found == [payload(number) for number in range(len(found))]
        assert sent.span_lost(len(found)) <= MOST_LOST + SLACK
        assert not target.exists()
        count += len(found)
    assert count > 0
