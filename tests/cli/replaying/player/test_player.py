"""A person at a replay, in a real terminal."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from feedrec.cli.logs import set_up_logging
from feedrec.cli.replaying.player.player import has_player

from ....timing import HANG_TIMEOUT
from ...command import DEMO
from ...terminal_session import in_terminal

REPLAY = [sys.executable, "-m", "feedrec", "replay", str(DEMO), "--port", "0"]


@contextlib.contextmanager
def client_of(url: str, *channels: str) -> Iterator[None]:
    """Have a client receive all that comes, while the block lasts."""
    with connect(url, max_size=None) as connection:
        for channel in channels or ("ticker", "heartbeats"):
            products = ["BTC-USD", "ETH-USD"]
            connection.send(json.dumps({"type": "subscribe", "channel": channel, "product_ids": products}))

        def receive() -> None:
            with contextlib.suppress(ConnectionClosed):
                while True:
                    connection.recv()

        receiving = threading.Thread(target=receive)
        receiving.start()
        yield
    receiving.join()


def test_keys_pause_go_elsewhere_step_and_change_the_speed() -> None:
    """The line tells so in its place; what is logged stands above it, and nothing of it stays."""
    with in_terminal(REPLAY) as session:
        url = session.wait_for(r"\n(ws://[\d.:]+)")[1]
        session.wait_for(r"waiting for a client \| speed 1 \| no clients")
        session.type(".")
        session.wait_for("step is for clients that have subscribed")
        session.type(" ")
        session.wait_for("paused")
        with client_of(url):
            session.wait_for(r"client 1 \S+ connected\r\n")
            session.wait_for(r"paused 0:00\.\d+ of 0:30 \| 17:02:00\.\d+Z \| speed 1 \| 1 client")
            session.type("5")
            session.wait_for(r"paused 0:15\.\d+ of 0:30")
            session.type("\x1b[C")
            session.wait_for(r"paused 0:20\.\d+ of")
            session.type("\x1bOD")
            before = float(session.wait_for(r"paused 0:(15\.\d+) of")[1])
            session.type("...")
            session.wait_for(r"paused 0:\d\d\.\d+ of")
            session.type("++")
            after = float(session.wait_for(r"paused 0:(\d\d\.\d+) of[^\r]*speed 4")[1])
            assert before < after < before + 5
            session.type("\x7f------ ")  # slow enough to play as long as this test takes
            session.wait_for(
                r"playing 0:\d\d of 0:30 \| 17:02:\d\dZ \| speed 1/64 \| 1 client \| [\d,]+/s \| p99 [\d.]+"
            )
            session.type("h")
            session.wait_for(r"space  +pause, and go on\r\n(.*\r\n)+playing")
            session.type("h")
            session.resize(25)
            session.wait_for(r"\r\x1b\[Jplaying 0:\d\d/0:30\r")
            session.type("q")
            assert session.wait() == 0
        assert session.shown.endswith("ms\r\n")
        assert session.shown.rpartition("\x1b[?25h")[2].count("\x1b") == 0


def test_a_stopped_terminal_stops_nobody_else() -> None:
    """After Ctrl-S a client is welcomed, and gets its frames; after Ctrl-Q what was logged is there."""
    with in_terminal(REPLAY) as session:
        url = session.wait_for(r"\n(ws://[\d.:]+)")[1]
        session.wait_for("waiting for a client")
        session.type("\x13")
        for _ in range(2):
            with connect(url, max_size=None) as connection:
                connection.send(json.dumps({"type": "subscribe", "channel": "ticker", "product_ids": ["BTC-USD"]}))
                while '"channel":"ticker"' not in str(connection.recv(HANG_TIMEOUT)):
                    pass
        session.forget()
        session.type("\x11")
        session.wait_for(r"client 1 \S+ connected\r\n")
        session.wait_for(r"client 2 \S+ connected\r\n")
        session.type("q")
        assert session.wait() == 0


def test_the_line_tells_whom_it_waits_for() -> None:
    with in_terminal([*REPLAY, "--wait-for", "2"]) as session:
        url = session.wait_for(r"\n(ws://[\d.:]+)")[1]
        session.wait_for("waiting for 2 of 2 clients")
        with client_of(url):
            session.wait_for("waiting for 1 of 2 clients")
            session.type("5")
            session.wait_for("this one waits for 1 of 2 clients")
            with client_of(url):
                session.wait_for(r"playing 0:\d\d of 0:30[^\r]* 2 clients")


def test_a_command_has_the_terminal_for_itself() -> None:
    with in_terminal([*REPLAY, "--", "stty", "-a"]) as session:
        session.wait_for(r" icanon ")
        assert session.wait() == 0
        assert "\x1b[J" not in session.shown


@pytest.mark.parametrize(
    ("has_stdin", "has_stderr", "level", "term", "expected"),
    [
        (True, True, logging.INFO, "xterm", True),
        (False, True, logging.INFO, "xterm", False),
        (True, False, logging.INFO, "xterm", False),
        (True, True, logging.WARNING, "xterm", False),
        (True, True, logging.INFO, "dumb", False),
    ],
    ids=["a person", "no keys", "no screen", "-q", "a dumb terminal"],
)
def test_there_are_keys_where_somebody_sees_what_they_do(
    monkeypatch: pytest.MonkeyPatch,
    has_stdin: bool,  # noqa: FBT001
    has_stderr: bool,  # noqa: FBT001
    level: int,
    term: str,
    expected: bool,  # noqa: FBT001
) -> None:
    class Stream(io.StringIO):
        def __init__(self, is_terminal: bool) -> None:  # noqa: FBT001
            super().__init__()
            self._is_terminal = is_terminal

        def isatty(self) -> bool:
            return self._is_terminal

    monkeypatch.setattr("sys.stdin", Stream(has_stdin))
    monkeypatch.setattr("sys.stderr", Stream(has_stderr))
    monkeypatch.setenv("TERM", term)
    set_up_logging(level)
    assert has_player() == expected
