"""One line is drawn again and again, and what is logged stands above it."""

from __future__ import annotations

import io
import logging
import os
import pty
import re
import termios

import pytest

from feedrec.cli.live.live_line import LiveLine
from feedrec.cli.logs import set_up_logging


class Screen(io.StringIO):
    """
    A terminal that wraps its lines anew when its width changes.

    Attributes:
        columns: Its width.

    """

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns
        self._lines = [""]  # each as it was written, however many rows it has
        self._column = 0  # in the last of them

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for part in re.findall(r"\x1b\[[?\d]*\w|\r|\n|[^\x1b\r\n]+", text):
            if part == "\x1b[J":
                self._lines[-1] = self._lines[-1][: self._column]
            elif part == "\r":
                self._column -= self._column % self.columns  # the beginning of the row, which may be a further one
            elif part == "\n":
                self._lines.append("")
                self._column = 0
            elif not part.startswith("\x1b"):
                line = self._lines[-1]
                self._lines[-1] = line[: self._column] + part + line[self._column + len(part) :]
                self._column += len(part)
        return super().write(text)

    def rows(self) -> list[str]:
        """Return what is to be seen."""
        return [
            line[start : start + self.columns]
            for line in self._lines
            for start in range(0, max(len(line), 1), self.columns)
        ]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Return a terminal without colours."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("COLUMNS", raising=False)
    return Screen(80)


def test_each_drawing_takes_the_place_of_the_one_before(screen: Screen) -> None:
    with LiveLine(screen) as live:
        live.show("recording 10.0 s")
        live.show("done")
        assert screen.rows() == ["done"]
    assert screen.rows() == [""]


def test_what_is_logged_stands_above(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", screen)
    set_up_logging(logging.INFO)
    with LiveLine(screen) as live:
        live.show("recording 1.0 s")
        logging.getLogger("feedrec").warning("one")
        assert len(screen.rows()) == 2
        live.show("recording 2.0 s")
        assert screen.rows()[1] == "recording 2.0 s"
    logging.getLogger("feedrec").warning("two")
    assert [row.partition("Z ")[2] for row in screen.rows()] == ["warning: one", "warning: two", ""]


def test_nothing_of_it_stays_when_the_terminal_becomes_narrower(screen: Screen) -> None:
    """Its rest then stands in further rows, below the cursor."""
    with LiveLine(screen) as live:
        live.show("recording 10.0 s | no gaps | no reconnects | 100/s")
        screen.columns = 20
        assert len(screen.rows()) == 3
        live.show("recording 10.3 s")
        assert screen.rows() == ["recording 10.3 s"]
        screen.columns = 8
    assert screen.rows() == [""]


def test_the_cursor_comes_back(screen: Screen) -> None:
    with LiveLine(screen) as live:
        live.show("recording")
    assert screen.getvalue().startswith("\x1b[?25l")
    assert screen.getvalue().endswith("\x1b[?25h")


@pytest.mark.parametrize(("columns", "width"), [("60", 59), ("x", 79), ("0", 79)])
def test_the_width_is_that_of_the_terminal(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    """Less the last column; 80 where nobody knows."""
    monkeypatch.setenv("COLUMNS", columns)
    assert LiveLine(screen).width == width


def test_a_terminal_that_takes_nothing_is_not_waited_for() -> None:
    """As after Ctrl-S: what runs goes on, and the line is drawn again when it can be."""
    ours, theirs = pty.openpty()
    shown = b""
    with os.fdopen(theirs, "w") as terminal, LiveLine(terminal) as live:
        live.show("one")
        termios.tcflow(theirs, termios.TCOOFF)
        live.show("two")
        termios.tcflow(theirs, termios.TCOON)
        live.show("three")
        while not shown.endswith(b"three\r"):  # what is written comes in pieces
            shown += os.read(ours, 100)
    assert shown.endswith(b"one\r\r\x1b[Jthree\r")
    os.close(ours)


def test_a_line_that_was_given_up_leaves_the_terminal_as_it_is(screen: Screen) -> None:
    """It is others' then, such as those of a shell; it can be begun again."""
    with LiveLine(screen) as live:
        live.show("playing")
        live.abandon()
        LiveLine.write_above(screen, "$ ", str)
        assert screen.rows() == ["$ aying"]
        live.begin()
        live.show("playing")
    assert screen.rows() == [""]
