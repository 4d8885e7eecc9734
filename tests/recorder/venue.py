"""A venue made of bytes, a plain feed, and what tests of the recorder ask of a recording."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import hashlib
import json
import re
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import zstandard
from websockets.frames import Close, Opcode
from websockets.frames import Frame as WireFrame

from feedrec.errors import WriteError
from feedrec.feeds import ContiguousSequence, FeedClient, Message, Notice, Subscription
from feedrec.feeds.base import ConnectionSequence
from feedrec.feeds.credentials import Credentials
from feedrec.feeds.defaults import ClientDefaults, FeedDefaults
from feedrec.formats import RecordingReader, RecordingWriter, create_recording
from feedrec.formats.file.creating import recording_to
from feedrec.formats.file.target import FileTarget
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import Event, Frame, FrameInfo, Header, Record
from feedrec.recorder import Limits, RecordingSession, Summary
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.connection_state import ConnectionState

from .. import timing
from ..timing import HANG_TIMEOUT, scaled

until = timing.until

T = TypeVar("T")
HEADER = Header("plain")
SUBSCRIBE = b'{"type":"subscribe"}'
NEVER = 10 * HANG_TIMEOUT
"""Seconds that no test waits: a limit set to this shows that it is not waited for."""

ACCEPT_SALT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


def run(coroutine: Coroutine[Any, Any, T], timeout: float = HANG_TIMEOUT) -> T:
    """Run it; what asyncio would have printed fails the test, and so does a task that is left behind."""
    complaints: list[Mapping[str, Any]] = []

    async def guarded() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        try:
            async with asyncio.timeout(timeout):
                result = await coroutine
        finally:
            gc.collect()
            for _ in range(5):
                await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert left == set()
        return result

    result = asyncio.run(guarded())
    assert complaints == [], complaints
    return result


def wire(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    return WireFrame(opcode, payload, fin).serialize(mask=False)


def text(payload: bytes, *, fin: bool = True) -> bytes:
    return wire(Opcode.TEXT, payload, fin=fin)


def binary(payload: bytes, *, fin: bool = True) -> bytes:
    return wire(Opcode.BINARY, payload, fin=fin)


def more(payload: bytes, *, fin: bool = False) -> bytes:
    return wire(Opcode.CONT, payload, fin=fin)


def ping(payload: bytes = b"") -> bytes:
    return wire(Opcode.PING, payload)


def close(code: int = 1000, reason: str = "") -> bytes:
    return wire(Opcode.CLOSE, Close(code, reason).serialize())


def numbered(sequence: int, size: int = 0) -> bytes:
    """Return a frame with a sequence number for the plain feed."""
    return b'{"sequence":%d,"filler":"%s"}' % (sequence, b"x" * size)


class Peer:
    """The venue's end of one connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.request = b""

    async def read_request(self) -> bytes:
        self.request = await self.reader.readuntil(b"\r\n\r\n")
        return self.request

    async def respond(self, status: str, *headers: str, body: bytes = b"") -> None:
        """Refuse the handshake."""
        await self.read_request()
        await self.write("\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode() + body)

    async def accept(self, *following: bytes, headers: Sequence[str] = ()) -> None:
        """Accept the handshake, with further bytes in the same write."""
        found = re.search(rb"Sec-WebSocket-Key: (\S+)", await self.read_request())
        assert found is not None
        digest = base64.b64encode(hashlib.sha1(found[1] + ACCEPT_SALT).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Accept: {digest}", *headers, "", ""]
        await self.write("\r\n".join(lines).encode(), *following)

    async def write(self, *data: bytes) -> None:
        """Write it all at once."""
        self.writer.write(b"".join(data))
        await self.writer.drain()

    async def read_frame(self) -> tuple[Opcode, bytes]:
        """Read a frame of the client, which is masked."""
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        mask = await self.reader.readexactly(4)
        payload = await self.reader.readexactly(size)
        return Opcode(first & 0x0F), bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))

    async def read_until_close(self) -> list[tuple[Opcode, bytes]]:
        """Read what the client sends until it closes, the frame of the close included."""
        frames: list[tuple[Opcode, bytes]] = []
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not frames or frames[-1][0] is not Opcode.CLOSE:
                frames.append(await self.read_frame())
        return frames

    async def answer_close(self) -> None:
        """Be a client's polite peer until it closes."""
        frames = await self.read_until_close()
        if frames and frames[-1][0] is Opcode.CLOSE:
            await self.write(close())

    def abort(self) -> None:
        self.writer.transport.abort()


Script = Callable[[Peer], Awaitable[object]]


@contextlib.asynccontextmanager
async def venue(
    *scripts: Script, tls: ssl.SSLContext | None = None, port: int = 0, host: str = "127.0.0.1"
) -> AsyncIterator[str]:
    """Serve one script a connection, the last one for all that follow; yield the address."""
    failures: list[BaseException] = []
    tasks: set[asyncio.Task[Any]] = set()
    count = 0

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        script = scripts[min(count, len(scripts) - 1)]
        count += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await script(Peer(reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001  reported at the end of the test
            failures.append(error)
        finally:
            tasks.discard(task)
            writer.close()
            with contextlib.suppress(Exception):
                async with asyncio.timeout(scaled(0.5)):
                    await writer.wait_closed()

    server = await asyncio.start_server(serve_one, host, port, ssl=tls, limit=1 << 20)
    address = server.sockets[0].getsockname()
    try:
        # A name for TLS to verify, an address elsewhere.
        yield f"wss://localhost:{address[1]}" if tls else f"ws://{host}:{address[1]}"
    finally:
        server.close()
        leftover = set(tasks)
        for task in leftover:
            task.cancel()
        await asyncio.gather(*leftover, return_exceptions=True)
    assert failures == []


async def stay(peer: Peer) -> None:
    """Send one frame, and be polite until the client closes."""
    await peer.accept(text(numbered(0)))
    await peer.answer_close()


async def send_one_and_abort(peer: Peer) -> None:
    await peer.accept(text(numbered(0)))
    await peer.read_frame()
    peer.abort()


async def never_answer(peer: Peer) -> None:
    await peer.reader.read()


class PlainClient(ClientDefaults):
    """The client half of the plain feed: frames with a `sequence` are numbered from 0, one by one."""

    def __init__(self, feed: PlainFeed) -> None:
        self.silence_limit = feed.silence_limit
        self._messages = feed.messages
        self._sequence = ContiguousSequence()

    @property
    def out_of_order(self) -> int:
        return self._sequence.out_of_order

    def on_open(self, time: int) -> list[Message]:  # noqa: ARG002
        return list(self._messages)

    def subscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:  # noqa: ARG002
        return [Message(b'{"type":"subscribe","channel":"%b"}' % one.channel.encode()) for one in subscriptions]

    def unsubscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:  # noqa: ARG002
        return [Message(b'{"type":"unsubscribe","channel":"%b"}' % one.channel.encode()) for one in subscriptions]

    def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:
        if payload.startswith(b'{"stumble'):
            raise LookupError("the client stumbled")
        if payload in {b'{"error":"bad key"}', b'{"confuse":"bad key"}'}:
            return [Notice("the venue refused: bad key", "fatal", "error", {"message": "bad key"})]
        gap = None if info.sequence is None else self._sequence.observe(info.sequence)
        if gap is None:
            return ()
        details = {"expected": gap.expected, "received": gap.received, "missing": gap.missing}
        return [Notice("gap", "warning", "gap", details)]


class PlainFeed(FeedDefaults):
    """A feed with one message to send."""

    name = "plain"
    url = ""

    def __init__(self, messages: Sequence[Message] = (Message(SUBSCRIBE),), silence_limit: float | None = None) -> None:
        self.messages = tuple(messages)
        self.silence_limit = silence_limit

    def describe(self, payload: bytes) -> FrameInfo:
        if payload.startswith(b'{"confuse'):
            raise KeyError("the feed is confused")
        if payload.startswith(b'{"sequence'):
            return FrameInfo(sequence=json.loads(payload)["sequence"])
        return FrameInfo()

    def sequence_rule(self, *, from_start: bool) -> ConnectionSequence:
        return ConnectionSequence(0 if from_start else None)

    def client(
        self,
        subscriptions: Sequence[Subscription],  # noqa: ARG002
        credentials: Credentials | None = None,  # noqa: ARG002
    ) -> FeedClient:
        return PlainClient(self)


class GatedTarget(FileTarget):
    """A file on a disk that stalls while the gate is closed, and that can be made to fail."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.gate = threading.Event()
        self.gate.set()
        self.is_stalled = False
        self.is_broken = False

    def write(self, data: bytes) -> None:
        self.is_stalled = not self.gate.is_set()
        assert self.gate.wait(HANG_TIMEOUT)
        self.is_stalled = False
        if self.is_broken:
            raise WriteError(self.path, "cannot be written: No space left on device")
        super().write(data)


def gated_writer(path: Path) -> tuple[RecordingWriter, GatedTarget]:
    target = GatedTarget(path)
    return recording_to(target, HEADER, BlockEncoder(1)), target


def session_for(
    url: str,
    recording: Path | RecordingWriter,
    *,
    feed: PlainFeed | None = None,
    max_frames: int | None = None,
    duration: float | None = None,
    backoff: Backoff | None = None,
) -> RecordingSession:
    """Return a session that reconnects at once."""
    writer = create_recording(recording, HEADER, level=1) if isinstance(recording, Path) else recording
    limits = Limits(duration, max_frames)
    backoff = backoff or Backoff(first=0.01, cap=0.02)
    return RecordingSession(feed or PlainFeed(), url, [], writer, limits=limits, backoff=backoff)


@contextlib.asynccontextmanager
async def running(session: RecordingSession) -> AsyncIterator[asyncio.Task[Summary]]:
    """Run a session in the background, and wait for its end at the end of the block."""
    task = asyncio.create_task(session.run())
    yield task
    async with asyncio.timeout(HANG_TIMEOUT):
        await asyncio.wait({task})


async def until_paused(session: RecordingSession, target: GatedTarget) -> None:
    """Wait until reading is paused for good: until a write stalls, the backlog may shrink once more."""
    await until(lambda: target.is_stalled)
    await asyncio.sleep(0)  # for the call that the shrinking backlog may have scheduled
    await until(lambda: state_of(session) is ConnectionState.PAUSED)


def part_of(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def records(path: Path) -> list[Record]:
    with RecordingReader(path) as reader:
        return list(reader)


def received(path: Path) -> list[Frame]:
    return [record for record in records(path) if isinstance(record, Frame) and record.direction == "in"]


def payloads(path: Path) -> list[bytes]:
    return [frame.payload for frame in received(path)]


def sent(path: Path) -> list[Frame]:
    return [record for record in records(path) if isinstance(record, Frame) and record.direction == "out"]


def events(path: Path, name: str) -> list[Event]:
    return [record for record in records(path) if isinstance(record, Event) and record.name == name]


def codes(path: Path) -> list[int]:
    return [event.details["code"] for event in events(path, "close")]


def plain_text(path: Path) -> bytes:
    with path.open("rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start


def state_of(session: RecordingSession) -> ConnectionState | None:
    """Return the state of the session's first connection."""
    connection = session._connections.loops[0]._present
    return None if connection is None else connection.lifecycle.state
