"""Nobody waits for a terminal that was stopped, or for a pipe that is full; what was said meanwhile is kept for it."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import click
import pytest

from feedrec.cli.live.live_line import LiveLine
from feedrec.cli.live.outlet import MOST_LINES, outlet_of
from feedrec.cli.logs import set_up_logging

from ...timing import HANG_TIMEOUT, wait_until

_log = logging.getLogger("feedrec")


class Pair:
    """
    Two ends of a terminal or of a pipe.

    Args:
        ours: The end that reads.
        stream: The other one.

    Attributes:
        stream: See above.

    """

    def __init__(self, ours: int, stream: TextIO) -> None:
        self.stream = stream
        self._ours = ours
        self._read = ""

    @contextlib.contextmanager
    def has_the_log(self, context: click.Context | None = None) -> Iterator[None]:
        """Have what is logged go there, while the block lasts."""
        with contextlib.redirect_stderr(self.stream):
            set_up_logging(logging.INFO, context)
            yield

    def read_until(self, end: str) -> str:
        """Read until a text has come; give all that has come since the last time."""
        while end not in self._read:
            self._read = (self._read + os.read(self._ours, 1 << 16).decode()).replace("\r\n", "\n")
        read, self._read = self._read, ""
        return read

    def fill(self) -> None:
        """Write until nothing more is taken, as when nobody reads, to whatever room is left."""
        number = self.stream.fileno()
        os.set_blocking(number, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(number, b"." * 1009)
        os.set_blocking(number, True)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        yield Pair(ours, stream)
    os.close(ours)


@pytest.fixture
def pipe() -> Iterator[Pair]:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w") as stream:
        yield Pair(ours, stream)
    os.close(ours)


@contextlib.contextmanager
def stopped(terminal: Pair) -> Iterator[None]:
    """Have a terminal take nothing, as between Ctrl-S and Ctrl-Q."""
    termios.tcflow(terminal.stream, termios.TCOOFF)
    yield
    termios.tcflow(terminal.stream, termios.TCOON)


def test_what_is_logged_to_a_stopped_terminal_is_there_when_it_goes_on(terminal: Pair) -> None:
    """In its order, with the beginning and the end of a live line; whoever logged it has not waited."""
    with terminal.has_the_log():
        with stopped(terminal), LiveLine(terminal.stream) as live:
            _log.info("one")
            live.show("not drawn")
            _log.info("two")
        _log.info("three")
    shown = terminal.read_until("three\n")
    assert [line.partition("Z ")[2] for line in shown.split("\n")[:3]] == ["one", "two", "three"]
    assert shown.startswith("\x1b[?25l\r\x1b[J")
    assert shown.count("\x1b[?25h") == 1
    assert "not drawn" not in shown


@pytest.mark.parametrize("kind", ["terminal", "pipe"])
def test_what_nobody_reads_stops_nobody(request: pytest.FixtureRequest, kind: str) -> None:
    """As a terminal far away whose network is gone: it takes a part of a text, and then nothing."""
    pair: Pair = request.getfixturevalue(kind)
    with pair.has_the_log():
        pair.fill()
        _log.info("%s", "x" * 5000)
        _log.info("last")
    shown = pair.read_until("last\n")
    assert "x" * 5000 in shown.replace("\n", "")


def test_of_what_finds_no_room_the_number_is_told_in_its_place(pipe: Pair) -> None:
    with pipe.has_the_log():
        pipe.fill()
        for number in range(MOST_LINES + 30):
            _log.info("line %d", number)
        lines = [line.partition("Z ")[2] for line in pipe.read_until("took them: ").splitlines()]
        _log.info("last")
    lines += [line.partition("Z ")[2] or line for line in pipe.read_until("last\n").splitlines()]
    told = [line for line in lines if line.startswith("line ")]
    assert told == [f"line {number}" for number in range(len(told))]
    assert MOST_LINES <= len(told) < MOST_LINES + 10  # some had room in the pipe
    assert f"took them: {MOST_LINES + 30 - len(told)}" in "".join(lines)


def test_the_number_is_told_to_programs_as_an_object(pipe: Pair) -> None:
    context = click.Context(click.Command("record"))
    context.meta["feedrec.log_format"] = "json"
    with pipe.has_the_log(context):
        pipe.fill()
        for _ in range(3):
            _log.info("%s", "x" * 200_000)  # bytes are bounded, too
    objects = [json.loads(line) for line in pipe.read_until("took them: ").lstrip(".").splitlines() if line]
    assert [one["level"] for one in objects][-1] == "warning"
    assert objects[-1]["text"] == "messages left out here, as nobody took them: 2"


def test_what_is_written_is_there_when_the_call_returns(terminal: Pair) -> None:
    """So what others write after it stands after it."""
    with terminal.has_the_log():
        for number in range(20):
            _log.info("logged %d", number)
            os.write(terminal.stream.fileno(), b"written\n")
    shown = terminal.read_until("logged 19\nwritten\n").splitlines()
    assert [line.endswith("written") for line in shown] == [False, True] * 20


def test_a_program_that_ends_waits_for_a_stopped_terminal_only_for_a_moment() -> None:
    """What is then not taken is lost."""
    program = (
        "import logging, sys, termios\n"
        "from feedrec.cli.logs import set_up_logging\n"
        "set_up_logging(logging.INFO)\n"
        "termios.tcflow(2, termios.TCOOFF)\n"
        "logging.getLogger('feedrec').info('kept')"
    )
    ours, theirs = pty.openpty()
    with os.fdopen(ours), os.fdopen(theirs) as stderr:
        done = subprocess.run([sys.executable, "-c", program], stderr=stderr, timeout=HANG_TIMEOUT, check=False)
    assert done.returncode == 0


def test_what_is_logged_as_python_ends_is_written() -> None:
    """When no more threads are started."""
    program = (
        "import atexit, logging\n"
        "from feedrec.cli.logs import set_up_logging\n"
        "set_up_logging(logging.INFO)\n"
        "atexit.register(logging.getLogger('feedrec').info, 'last words')"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, timeout=HANG_TIMEOUT, check=False)
    assert done.stderr.endswith(b"Z last words\n")


def test_what_a_reader_that_is_gone_would_have_got_is_lost() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as stream, Pair(ours, stream).has_the_log():
        _log.info("lost")
        outlet = outlet_of(stream)
        assert outlet is not None
        wait_until(lambda: outlet.is_free)


def test_a_pipe_that_others_have_set_to_wait_for_nobody_gets_all_of_it(pipe: Pair) -> None:
    """A program in the same terminal may do so, for all of them."""
    with pipe.has_the_log():
        pipe.fill()
        os.set_blocking(pipe.stream.fileno(), False)
        _log.info("%s", "x" * 5000)
    assert f"{'x' * 5000}\n" in pipe.read_until("x\n")


def test_a_file_is_written_to_at_once(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as file:
        assert outlet_of(file) is None
    assert outlet_of(io.StringIO()) is None
    with pytest.raises(ValueError, match="closed"):
        outlet_of(file)
