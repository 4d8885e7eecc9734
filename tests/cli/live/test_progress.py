"""How far the reading of files has come."""

from __future__ import annotations

import io
import logging

import pytest

from feedrec.cli.live.progress import progress_line, reading
from feedrec.cli.logs import set_up_logging

from .test_live_line import Screen


@pytest.mark.parametrize(
    ("done", "size", "seconds", "width", "line"),
    [
        (25_000_000, 100_000_000, 4.0, 80, "verifying x 25% | 25.0 MB of 100.0 MB | 12 s left"),
        (25_000_000, 100_000_000, 24.5, 80, "verifying x 25% | 25.0 MB of 100.0 MB | 1m 14s left"),
        (25_000_000, 100_000_000, 4.0, 40, "verifying x 25% | 25.0 MB of 100.0 MB"),
        (25_000_000, 100_000_000, 4.0, 20, "verifying x 25%"),
        (25_000_000, 100_000_000, 4.0, 5, "verif"),
        (100, 100, 4.0, 80, "verifying x 100% | 100 B of 100 B"),
        (100, 50, 4.0, 80, "verifying x 100% | 100 B of 50 B"),
        (0, 100, 4.0, 80, "verifying x 0% | 0 B of 100 B"),
        (0, 0, 0.0, 80, "verifying x | 0 B of 0 B"),
        (50, 100, 0.2, 80, "verifying x 50% | 50 B of 100 B"),
    ],
)
def test_what_matters_first_is_shown(done: int, size: int, seconds: float, width: int, line: str) -> None:
    """A file that grows may have been read further than its size was; how long it takes is known after a second."""
    assert progress_line("verifying x", done, size, seconds, width) == line


def test_it_is_one_line_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(80)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", screen)
    set_up_logging(logging.INFO)
    with reading("verifying a\x1b[2Jb") as show:
        show(0, 100)
        assert screen.rows() == [r"verifying a\x1b[2Jb 0% | 0 B of 100 B"]
    assert screen.rows() == [""]


def test_a_pipe_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stderr", pipe)
    with reading("verifying") as show:
        show(0, 100)
    assert pipe.getvalue() == ""
