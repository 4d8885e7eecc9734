"""Whatever a WebSocket sends is recorded, and replayed as the same messages of the same kind in the same order."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from urllib.parse import urlsplit

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from .cli.command import Output, feedrec, mock_venue
from .recorder.venue import Peer, run, venue, wire
from .timing import HANG_TIMEOUT

Messages = list[tuple[Opcode, bytes]]

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_TEXTS = (
    st.binary()  # a text message need not be UTF-8 to reach us
    | st.text().map(lambda one: one.encode("utf-8", "surrogatepass"))
    | _JSON.map(lambda one: repr(one).encode("utf-8", "surrogatepass"))
    | st.sampled_from(
        [b'{"a":1}', b' {"a":1}', b'{"a":\n1}', b'{"a":1', b"[" * 600 + b"]" * 600, b'"\xff"', b"\r\n", b"\0"]
    )
)
_MESSAGE = st.tuples(st.just(Opcode.TEXT), _TEXTS) | st.tuples(st.just(Opcode.BINARY), st.binary())


def arbitrary_messages() -> Messages:
    """Give the messages of some dozen examples, all together."""
    found: Messages = []

    @settings(max_examples=60, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(_MESSAGE, min_size=1, max_size=20))
    def collect(messages: Messages) -> None:
        found.extend(messages)

    collect()
    return found


def received_from(url: str) -> Messages:
    """Take every message of a server, read by nothing of feedrec's, until it closes."""
    address = urlsplit(url)
    found: Messages = []
    protocol = ClientProtocol(parse_uri(url), max_size=None)
    with socket.create_connection((address.hostname, address.port), timeout=HANG_TIMEOUT) as peer:
        protocol.send_request(protocol.connect())
        while True:
            for data in protocol.data_to_send():
                if data:
                    peer.sendall(data)
            data = peer.recv(65536)
            if data:
                protocol.receive_data(data)
            else:
                protocol.receive_eof()
            for event in protocol.events_received():
                if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY):
                    assert event.fin
                    found.append((Opcode(event.opcode), bytes(event.data)))
            if not data:
                return found


def test_a_raw_recording_replays_as_the_same_messages(tmp_path: Path) -> None:
    messages = arbitrary_messages()
    assert {kind for kind, _ in messages} == {Opcode.TEXT, Opcode.BINARY}
    target = tmp_path / "x.jsonl.zst"

    async def script(peer: Peer) -> None:
        await peer.accept(*(wire(kind, payload) for kind, payload in messages))
        await peer.answer_close()

    async def main() -> Output:
        async with venue(script) as url:
            arguments = ("record", "-e", "raw", "--url", url, "--max-frames", len(messages), "-o", target)
            return await asyncio.to_thread(feedrec, *arguments)

    done = run(main())
    assert done.returncode == 0, done.stderr.decode()
    with mock_venue(target, "--speed", "max") as url:
        assert received_from(url) == messages
