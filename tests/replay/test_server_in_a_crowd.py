"""A crowd at one server, most of it hostile: what `python -m soak crowd` does at full size, without figures."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

import pytest

from ..cli.command import background, first_line, interrupt
from ..timing import scaled
from .client.test_connection import CONTINUATION, FRAGMENT, JUNK, LONG_PING, SUBSCRIBE, send_without_end
from .raw_client import CLOSE_1000, RawClient, as_messages, replayed_to_raw_client
from .recordings import frames_of, record

MIB = 1 << 20
FRAMES = frames_of([b'{"n":%d,"x":"%s"}' % (n, b"x" * 60_000) for n in range(400)], 1_000_000)


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("no /proc here")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
    assert found is not None
    return int(found[1]) * 1024


async def crowded(port: int, pid: int) -> None:
    """Have 20 clients do their worst while 10 read; the memory of the server stays bounded."""
    idle = resident(pid)
    floods = []
    async with contextlib.AsyncExitStack() as stack:
        for number in range(20):
            client = await stack.enter_async_context(RawClient(port, receive_buffer=4096))
            client.send(SUBSCRIBE)
            if number % 2:
                message = (JUNK, LONG_PING, CONTINUATION, SUBSCRIBE)[number // 2 % 4]
                start = FRAGMENT if message is CONTINUATION else b""
                floods.append(asyncio.create_task(send_without_end(client, message, start)))
        for messages in await asyncio.gather(*(replayed_to_raw_client(port) for _ in range(10))):
            assert messages == [*as_messages(FRAMES), CLOSE_1000]
        await asyncio.sleep(scaled(0.2))
        assert resident(pid) - idle < 80 * MIB
        for flood in floods:
            flood.cancel()
        await asyncio.wait(floods)


def test_good_clients_get_every_frame_beside_twice_as_many_bad_ones(tmp_path: Path) -> None:
    """The memory stays bounded, Ctrl-C ends it, and the log is short."""
    path = record(tmp_path / "a.jsonl.zst", FRAMES)
    with background("replay", path, "--port", 0, "--speed", "max", "-q") as process:
        url = first_line(process.stdout)
        asyncio.run(crowded(int(url.rpartition(":")[2]), process.pid))
        code, out, err = interrupt(process)
    assert code == 0, err.decode()
    assert b"10 finished" in out
    assert len(err.splitlines()) <= 20
