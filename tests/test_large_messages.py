"""
Whatever is recorded can be read: large messages of every kind, by every command, in memory of a few times their size.

Real processes and a real socket. The memory of a process is the most it ever had, less that of the same command for a
small message; on a busy machine it may have one copy more for a moment.
"""

from __future__ import annotations

import asyncio
import functools
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_event
from feedrec.formats.stream.protocols import MAX_LINE
from feedrec.model import Event, Frame, Header
from feedrec.recorder.connection import MAX_MESSAGE
from feedrec.replay.client.sending.wire import message

from .cli.command import first_line
from .timing import HANG_TIMEOUT

SIZE = 16 << 20
MOST_MEMORY = 5.2 * SIZE + (16 << 20)
"""
Bytes: some times the size of a message, and buffers whose size is fixed. With websockets 13.1 it is 4.0 times if
nothing else runs; where the writer's thread lets go of a copy late, 4.6 times were seen.
"""

SUFFIXES = ("jsonl.zst", "jsonl", "jsonl.gz", "parquet")

PROGRAM = """
import atexit, os, re, sys
from pathlib import Path
from feedrec.cli import main

def note_peak():
    status = Path("/proc/self/status")
    if status.exists():
        Path(os.environ["PEAK"]).write_text(re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1])

atexit.register(note_peak)
main(sys.argv[1:])
"""

Message = tuple[bytes, bool]
"""The payload, and whether it is binary."""


@functools.cache
def random_bytes(size: int, allowed: bytes = bytes(range(256))) -> bytes:
    """Give bytes that can hardly be compressed."""
    return random.Random(7).randbytes(size).translate((allowed * 256)[:256])


def json_text(size: int) -> bytes:
    """Give a valid JSON text of that size."""
    item = b'{"side":"bid","price":"%d","text":"\xc3\xa9\\"["}'
    items = b",".join(item % number for number in range(10**6, 10**6 + size // 60))
    return b"[" + items + b',"' + b"x" * (size - len(items) - 5) + b'"]'


KINDS: dict[str, Callable[[int], Message]] = {
    "binary": lambda size: (random_bytes(size), True),
    "not UTF-8": lambda size: (random_bytes(size), False),
    "text": lambda size: (random_bytes(size, b"abcdefghijklmno\n"), False),
    "quotes": lambda size: (random_bytes(size, b'"\\'), False),
    "control characters": lambda size: (b"\x01" * size, False),
    "JSON": lambda size: (json_text(size), False),
}


def lines_of(path: Path) -> list[bytes]:
    with open_recording(path) as recording:
        return [line for lines in recording.batches() for line in lines]


class Processes:
    """Runs commands as processes, and keeps the most memory that each took: in bytes, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.peaks: dict[str, int] = {}

    def above(self, idle: dict[str, int]) -> dict[str, int]:
        """Give what took more than `MOST_MEMORY` above what it takes for a small message: bytes, by name."""
        taken = {name: peak - idle[name] for name, peak in self.peaks.items()}
        return {name: size for name, size in taken.items() if size > MOST_MEMORY}

    def start(self, *arguments: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
        env = {**os.environ, "PEAK": str(self.folder / "peak")}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)

    def end(self, name: str, process: subprocess.Popen[bytes]) -> tuple[bytes, str]:
        """Wait for its end; give what it printed, and what it said."""
        try:
            out, said = process.communicate(timeout=HANG_TIMEOUT)
        finally:
            process.kill()
        assert process.returncode == 0, said.decode()
        peak = self.folder / "peak"
        if peak.exists():
            self.peaks[name] = int(peak.read_text()) << 10
            peak.unlink()
        return out, said.decode()

    def run(self, *arguments: object) -> bytes:
        name = " ".join(str(one) for one in arguments if not isinstance(one, Path))
        return self.end(name, self.start(*arguments))[0]

    def record(self, target: Path, *messages: Message, frames: int = 2) -> str:
        """Record messages that are sent on one connection, and one more on the next; give what is said."""
        count = 0

        async def send(connection: ServerConnection) -> None:
            nonlocal count
            count += 1
            for payload, binary in messages if count == 1 else [(b'"more"', False)]:
                connection.transport.write(message(payload, binary=binary))
            if count == 1:
                await connection.drain()
                await connection.close()
            await connection.wait_closed()

        async def serve_and_record() -> str:
            async with serve(send, "127.0.0.1", 0, max_size=None, compression=None) as server:
                url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
                process = self.start("record", "-e", "raw", "--url", url, "-o", target, "--max-frames", frames)
                return (await asyncio.to_thread(self.end, "record", process))[1]

        return asyncio.run(serve_and_record())

    def replay(self, recording: Path) -> list[bytes]:
        """Give what a client receives."""

        async def receive(url: str) -> list[bytes]:
            received = []
            async with connect(url, max_size=None, compression=None) as connection:
                try:
                    while True:
                        received.append(await connection.recv(decode=False))
                except ConnectionClosed:
                    return received

        options = ("--mode", "verbatim", "--speed", "max", "--at-end", "exit", "--port", 0, "-q")
        process = self.start("replay", recording, *options)
        received = asyncio.run(asyncio.wait_for(receive(first_line(process.stdout)), HANG_TIMEOUT))
        self.end("replay", process)
        return received

    def do_everything(self, payload: bytes, *, binary: bool) -> None:
        """Run every command, and check that each has the message."""
        start, folder = self.folder / "a.jsonl.zst", self.folder
        self.record(start, (payload, binary))
        assert self.run("cat", "--raw", start) == payload + b'\n"more"\n'
        assert len(self.run("cat", "--from", "+0s", start)) > len(payload)
        self.run("info", start)
        self.run("verify", start)
        self.run("repair", start, "-o", folder / "repaired.jsonl.zst")
        for suffix in SUFFIXES[1:]:
            there, back = folder / f"there.{suffix}", folder / f"{suffix}-back.jsonl.zst"
            self.end(f"convert to {suffix}", self.start("convert", start, "-o", there))
            self.end(f"convert from {suffix}", self.start("convert", there, "-o", back))
            assert lines_of(back) == lines_of(start)
        self.run("verify", folder / "there.parquet")
        self.end("repair parquet", self.start("repair", folder / "there.parquet", "-o", folder / "repaired.parquet"))
        assert lines_of(folder / "repaired.parquet") == lines_of(folder / "repaired.jsonl.zst") == lines_of(start)
        assert self.replay(start) == [payload, b'"more"']


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Give the memory of each command for a small message."""
    small = Processes(tmp_path_factory.mktemp("small"))
    small.do_everything(b"small", binary=False)
    return small.peaks


def test_every_command_has_a_large_message_in_little_memory(idle: dict[str, int], memory_path: Path) -> None:
    """A binary message that cannot be compressed has the longest line, and takes the most memory."""
    payload, binary = KINDS["binary"](SIZE)
    large = Processes(memory_path)
    large.do_everything(payload, binary=binary)
    assert large.above(idle) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_of_any_kind_is_recorded_and_replayed(kind: str, idle: dict[str, int], memory_path: Path) -> None:
    payload, binary = KINDS[kind](SIZE)
    large, path = Processes(memory_path), memory_path / "a.jsonl.zst"
    large.record(path, (payload, binary))
    assert large.replay(path) == [payload, b'"more"']
    assert large.above(idle) == {}


def test_a_message_at_the_limit_is_recorded_and_one_above_it_is_refused_aloud(memory_path: Path) -> None:
    """Whatever came before it and comes after it is there."""
    path = memory_path / "a.jsonl.zst"
    longest = b"x" * MAX_MESSAGE
    said = Processes(memory_path).record(path, (longest, False), (longest + b"y", False))
    assert re.search(rf"could not be read: .*{MAX_MESSAGE + 1}\b", said)
    assert "memory" not in said
    with open_recording(path) as recording:
        records = list(recording)
    frames = [record for record in records if isinstance(record, Frame)]
    assert [(frame.conn, frame.payload) for frame in frames] == [(0, longest), (1, b'"more"')]
    closed = [record.details["code"] for record in records if isinstance(record, Event) and record.name == "close"]
    assert closed == [1009, 1000]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_largest_message_and_the_longest_line_pass_every_format(suffix: str, memory_path: Path) -> None:
    """A message of 64 MiB whose line is as long as one can be, and an event of 96 MiB; zstd gets noise."""
    path = memory_path / f"a.{suffix}"
    payload = random_bytes(MAX_MESSAGE) if suffix == "jsonl.zst" else bytes(range(256)) * (MAX_MESSAGE // 256)
    largest = Frame(1, 0, payload, binary=True)
    event = Event(2, 0, "note", {"text": ""})
    longest = Event(2, 0, "note", {"text": "a" * (MAX_LINE - len(encode_event(event)))})
    with create_recording(path, Header("raw")) as writer:
        for record in (event, largest, longest, event):
            writer.write(record, block=True)
    with open_recording(path) as recording:
        assert list(recording) == [event, largest, longest, event]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_header_may_be_as_long_as_any_line(suffix: str, memory_path: Path) -> None:
    path = memory_path / f"a.{suffix}"
    header = Header("raw", subscriptions=[{"channel": "a" * (MAX_LINE - 200)}])
    with create_recording(path, header) as writer:
        writer.write(Frame(1, 0, b"[1]"))
    with open_recording(path) as recording:
        assert recording.header == header
        assert list(recording) == [Frame(1, 0, b"[1]")]
