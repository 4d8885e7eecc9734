"""Suites of others in processes of their own, and a venue that answers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from ...replay.recordings import numbered, record
from ...timing import HANG_TIMEOUT

__all__ = ["ANSWERS", "Suite", "Venue", "hear"]

ANSWERS = 3

CLIENT = f"""
import pytest
from websockets.sync.client import connect

def hear(url, said='{{"id":1}}', count={ANSWERS}):
    with connect(url) as venue:
        venue.send(said)
        return [venue.recv(timeout={HANG_TIMEOUT}) for _ in range(count)]
"""
"""What the modules of a suite begin with."""


def hear(url: str, said: str = '{"id":1}', count: int = ANSWERS) -> list[str | bytes]:
    """Say something, and hear so many messages."""
    with connect(url) as venue:
        venue.send(said)
        return [venue.recv(timeout=HANG_TIMEOUT) for _ in range(count)]


class Venue:
    """A server of somebody else, which answers each message with three."""

    def __init__(self) -> None:
        self.connections = 0
        self._server = serve(self._serve, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Let nobody in any more."""
        self._server.shutdown()
        self._thread.join()

    def _serve(self, client: ServerConnection) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionClosed):
            for message in client:
                for number in range(ANSWERS):
                    client.send(f'{{"number":{number},"to":{message!s}}}')


@pytest.fixture
def venue() -> Iterator[Venue]:
    """Give a venue that is live."""
    venue = Venue()
    yield venue
    venue.close()


class Suite:
    """A suite of tests that somebody else wrote, in a folder with a recording `three.jsonl.zst` of three frames."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.path: Path = pytester.path
        self._pytester = pytester
        record(self.path / "three.jsonl.zst", numbered(3))

    def module(self, code: str, name: str = "test_feeds") -> None:
        """Write a module of tests, which can `hear`."""
        self._pytester.makepyfile(**{name: CLIENT + code})

    def write(self, name: str, text: str) -> None:
        """Write another file."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run it as a process of its own."""
        return self._pytester.runpytest_subprocess(*arguments, timeout=HANG_TIMEOUT)

    def run_here(self, *arguments: str) -> pytest.RunResult:
        """Run it in this process, which is quicker, and will do where no feed is started."""
        return self._pytester.runpytest_inprocess(*arguments)


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Suite:
    """Give a suite that is empty."""
    return Suite(pytester)
