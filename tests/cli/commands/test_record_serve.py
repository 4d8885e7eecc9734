"""`feedrec record --serve`, as a process with those that it starts, between a venue and clients."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple, Self

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from benchmarks.processes import child_of, serving
from feedrec.formats import open_recording
from feedrec.model import Event, Frame
from soak.fickle_feed import numbered_in
from soak.fickle_venue import Whims
from soak.ledger import Ledger
from soak.live.accounting import LiveTally, SessionAccount, books_in
from soak.live.clients import WISHES, Wish
from soak.live.session import Listening
from soak.live.truth import read_runs

from ...timing import HANG_TIMEOUT, wait_until
from ..command import background, feedrec

PAIR = ("BTC-USD", "ETH-USD")
CHANNELS = ("-c", "level2", "-c", "ticker", "-c", "market_trades", "-p", ",".join(PAIR))
SERVED = re.compile(r"is served live at (ws://\S+)")
SERVER, STATES = "serve_process", "state_process"


class Venue(NamedTuple):
    """A venue, and the folder in which it notes what it sends."""

    url: str
    ledgers: Path


@pytest.fixture(scope="module", name="venue")
def _venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue]:
    ledgers = tmp_path_factory.mktemp("ledgers")
    whims = msgspec.json.encode(Whims(rate=300, snapshot=20_000)).decode()
    with serving("soak.fickle_venue", ledgers, whims) as server:
        yield Venue(server.url, ledgers)


class Recorder:
    """A recorder that serves: its log, its address, its processes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.lines: list[str] = []
        assert process.stderr is not None
        self._reading = threading.Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._reading.start()

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    @property
    def url(self) -> str:
        wait_until(lambda: SERVED.search(self.log) or self.process.poll() is not None)
        found = SERVED.search(self.log)
        assert found is not None, self.log
        return found[1]

    def kill(self, module: str) -> None:
        """Kill one of its processes, and wait until there is another one."""
        process = child_of(self.process.pid, module)
        assert process is not None
        os.kill(process, signal.SIGKILL)
        wait_until(lambda: child_of(self.process.pid, module) not in {process, None})

    def end(self) -> str:
        """End it as Ctrl-C does; return its summary."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout is not None
        summary = self.process.stdout.read().decode()
        assert self.process.wait(HANG_TIMEOUT) == 0, self.log
        self._reading.join(HANG_TIMEOUT)
        return summary

    def _read(self, stderr: Iterator[bytes]) -> None:
        self.lines += (line.decode().rstrip() for line in stderr)


@contextlib.contextmanager
def recorder(folder: Path, url: str, *options: object) -> Iterator[Recorder]:
    """Have a recorder of a name of its own record the venue, to `live.jsonl.zst`, and serve that."""
    temporary = folder / "tmp"
    temporary.mkdir()
    arguments = ("record", "--url", f"{url}/{folder.name}.1", *CHANNELS, "-o", "live.jsonl.zst")
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with background(*arguments, "--serve", "127.0.0.1:0", *options, cwd=folder, env=environment) as process:
        yield Recorder(process)
    assert not list(temporary.iterdir()), "a socket or its folder is left"


def subscribe(client: ClientConnection, wish: Wish) -> None:
    for channel, products in wish:
        client.send(json.dumps({"type": "subscribe", "channel": channel, "product_ids": products}))


def connected(url: str) -> ClientConnection:
    """Connect as soon as there is a recording: until then, for a moment, the answer is 503."""
    deadline = time.monotonic() + HANG_TIMEOUT
    while True:
        try:
            return connect(url, max_size=None, compression=None, close_timeout=0.1)
        except InvalidStatus as refused:
            if refused.response.status_code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


class Client:
    """A client that notes what it gets."""

    def __init__(self, url: str, wish: Wish = WISHES[0]) -> None:
        self._stack = contextlib.ExitStack()
        self._connection = self._stack.enter_context(connected(url))
        self.listening = Listening("client")
        subscribe(self._connection, wish)

    def read(self, messages: int) -> None:
        """Take so many messages."""
        for _ in range(messages):
            self.listening.take(str(self._connection.recv(timeout=HANG_TIMEOUT)).encode())

    def read_to_end(self) -> int:
        """Take all that comes until the server closes; return the code."""
        try:
            while True:
                self.read(1)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    @property
    def last(self) -> int:
        """The number of the last frame that it got."""
        return self.listening.ended("left").columns.numbers[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()


def assert_served(folder: Path, venue: Venue, *clients: Client) -> LiveTally:
    """Hold what clients were given against the recording."""
    tally = LiveTally()
    sessions = [client.listening.ended("left") for client in clients]
    runs = read_runs([folder / "live.jsonl.zst"], set().union(*map(books_in, sessions)))

    def ledger_of(connection: str) -> Ledger | None:
        return Ledger.read(venue.ledgers / connection)

    for session in sessions:
        SessionAccount(session, runs, ledger_of, tally).take()
    assert tally.wrong == []
    assert tally.books >= len(clients)
    return tally


def last_recorded(folder: Path) -> int:
    """Return the number of the last frame of the recording."""
    with open_recording(folder / "live.jsonl.zst") as recording:
        received = [one.payload for one in recording if isinstance(one, Frame) and one.direction == "in"]
    return numbered_in(received[-1])[1]


def assert_recorded(folder: Path, venue: Venue) -> None:
    """Check that all is recorded that was sent, up to the end."""
    with open_recording(folder / "live.jsonl.zst") as recording:
        records = list(recording)
    placed = [numbered_in(one.payload) for one in records if isinstance(one, Frame) and one.direction == "in"]
    assert [number for _, number in placed] == list(range(len(placed)))
    assert len(placed) <= len(Ledger.read(venue.ledgers / placed[0][0]))
    assert sum(one.name == "open" for one in records if isinstance(one, Event)) == 1


def test_clients_get_every_frame_from_their_state_on(tmp_path: Path, venue: Venue) -> None:
    """Each what it subscribes, whenever it comes; in the end they are told to leave, as by the venue."""
    with recorder(tmp_path, venue.url) as recording, Client(recording.url) as first:
        first.read(200)
        with Client(recording.url, WISHES[2]) as short:
            short.read(20)
        with Client(recording.url, WISHES[1]) as late:
            late.read(50)
            ending = threading.Thread(target=recording.end)
            ending.start()
            assert first.read_to_end() in {1001, 1012}
            assert late.read_to_end() in {1001, 1012}
            ending.join()
    tally = assert_served(tmp_path, venue, first, late, short)
    assert tally.states >= 2
    assert first.last == last_recorded(tmp_path)
    assert (late.listening.acks, short.listening.acks) == (1, 2)


def test_the_recording_goes_on_whatever_becomes_of_the_processes(tmp_path: Path, venue: Venue) -> None:
    """With kill -9 of each, one after another; clients come again to the same address, and get a true state."""
    with recorder(tmp_path, venue.url) as recording:
        url = recording.url
        with Client(url) as first:
            first.read(50)
            recording.kill(SERVER)
            assert first.read_to_end() == 1006
        wait_until(lambda: is_listening(url))
        with Client(url) as second:
            second.read(50)
            recording.kill(STATES)
            second.read(50)
            with Client(url, WISHES[1]) as third:
                third.read(30)
        recording.end()
        assert "it is started again, and the recording goes on" in recording.log
    assert_recorded(tmp_path, venue)
    assert_served(tmp_path, venue, first, second, third)


def is_listening(url: str) -> bool:
    host, _, port = url.partition("://")[2].partition("/")[0].rpartition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port))):
        return True
    return False


def answer_to(url: str, wish: Wish) -> dict[str, object]:
    """Subscribe, and return what is said first."""
    with connected(url) as client:
        subscribe(client, wish)
        answer: dict[str, object] = json.loads(client.recv(timeout=HANG_TIMEOUT))
        return answer


def test_what_is_not_recorded_is_refused_or_subscribed(tmp_path: Path, venue: Venue) -> None:
    """As the venue refuses; with --serve-subscribe the recorder asks the venue for it."""
    missing: Wish = (("level2", ("SOL-USD",)),)
    for name, options in (("without", ()), ("with", ("--serve-subscribe",))):
        folder = tmp_path / name
        folder.mkdir()
        with recorder(folder, venue.url, *options) as recording:
            answer = answer_to(recording.url, missing)
            recording.end()
        with open_recording(folder / "live.jsonl.zst") as recorded:
            asked = [one.payload for one in recorded if isinstance(one, Frame) and one.direction == "out"]
        assert any(b"SOL-USD" in one for one in asked) == bool(options)
        assert (answer.get("channel") == "l2_data") == bool(options), answer


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path, venue: Venue) -> None:
    """Before anything is recorded."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = feedrec("record", "--url", venue.url, "-o", "x.jsonl.zst", "--serve", address, cwd=tmp_path)
    assert done.returncode == 1
    assert address in done.stderr.decode()
    assert len(done.stderr.decode().splitlines()) == 1
    assert not list(tmp_path.iterdir())
