"""`feedrec replay`, as a process, with a real client."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from feedrec.formats import open_recording
from feedrec.model import Frame

from .command import DEMO, background, first_line, interrupt


def recorded() -> list[Frame]:
    """Give the frames that the demo recording received."""
    with open_recording(DEMO) as recording:
        return [record for record in recording if isinstance(record, Frame) and record.direction == "in"]


def receive_all(url: str) -> tuple[list[bytes], float, int | None]:
    """Say something, receive until the close; give payloads, seconds from first to last, and the close code."""

    async def receive() -> tuple[list[bytes], float, int | None]:
        payloads = []
        first = last = 0.0
        async with connect(url, max_size=None) as connection:
            await connection.send("hello")
            try:
                while True:
                    message = await connection.recv()
                    last = time.monotonic()
                    first = first or last
                    payloads.append(message.encode() if isinstance(message, str) else message)
            except ConnectionClosed:
                return payloads, last - first, connection.protocol.close_code

    return asyncio.run(asyncio.wait_for(receive(), 50))


def test_the_url_is_the_first_line_and_every_frame_is_served() -> None:
    """A client gets all frames byte for byte, then close code 1000; then the next one does."""
    expected = [frame.payload for frame in recorded()]
    with background("replay", DEMO, "--port", 0, "--speed", "max") as process:
        url = first_line(process.stdout)
        assert url.startswith("ws://127.0.0.1:")
        for _ in range(2):
            payloads, _, code = receive_all(url)
            assert payloads == expected
            assert code == 1000
        stopped, out, err = interrupt(process)
    assert stopped == 0, err.decode()
    assert out.decode().startswith("replayed to 2 clients (2 finished)")


def test_speed_divides_the_recorded_time() -> None:
    """At --speed 20 the recording takes a twentieth of its time, within one per cent."""
    frames = recorded()
    with background("replay", DEMO, "--port", 0, "--speed", 20, "--at-end", "exit", "--json") as process:
        payloads, seconds, _ = receive_all(first_line(process.stdout))
        out, err = process.communicate(timeout=20)
    assert payloads == [frame.payload for frame in frames]
    due = (frames[-1].time - frames[0].time) / 1e9 / 20
    assert seconds == pytest.approx(due, rel=0.01, abs=0.02)
    facts = json.loads(out)
    assert process.returncode == 0, err.decode()
    assert facts["clients"] == 1
    assert facts["frames"] == len(frames)
    assert facts["speed"] == pytest.approx(20, rel=0.02)
    assert facts["lateness_ns"]["p50"] <= facts["lateness_ns"]["p99"] <= facts["lateness_ns"]["max"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quickly_with_a_client_connected(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end the server within seconds, with exit code 0, though a client is connected."""

    async def hold(url: str, process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
        async with connect(url, max_size=None) as connection:
            await connection.send("hello")
            await connection.recv()
            started = time.monotonic()
            ended = await asyncio.to_thread(interrupt, process, number)
            assert time.monotonic() - started < 5
            return ended

    with background("replay", DEMO, "--port", 0) as process:
        code, out, err = asyncio.run(hold(first_line(process.stdout), process))
    assert code == 0, err.decode()
    assert "1 server stopped" in out.decode()


def test_no_client_at_all_is_said() -> None:
    """A server that nobody used says so."""
    with background("replay", DEMO, "--port", 0) as process:
        first_line(process.stdout)
        assert interrupt(process)[:2] == (0, b"no client came\n")
