"""Colours are for a person: on a terminal that has them, for levels and gaps, and nowhere else."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from feedrec.cli.logs import set_up_logging
from feedrec.cli.recording.run import report
from feedrec.cli.terminal import GAP, coloured, echo, echo_paged, echo_problem, has_colour, shown
from feedrec.formats import create_recording
from feedrec.model import Event, Frame, Header
from feedrec.recorder import Summary
from feedrec.recorder.output.counting_writer import Counts

from ..timing import HANG_TIMEOUT
from .test_terminal import terminal

YELLOW, RED = b"\x1b[33m", b"\x1b[31m"


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _usual_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (Screen(), {}, True),
        (io.StringIO(), {}, False),
        (Screen(), {"TERM": "dumb"}, False),
        (Screen(), {"NO_COLOR": "1"}, False),
        (Screen(), {"NO_COLOR": ""}, True),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"CLICOLOR_FORCE": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": "0", "CLICOLOR_FORCE": ""}, False),
        (Screen(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_who_gets_colours(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, environment: dict[str, str], *, expected: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert has_colour(stream) is expected


def test_only_the_part_has_the_colour() -> None:
    assert shown(coloured("a gap b gap", "gap", GAP), Screen()) == "a \x1b[33mgap\x1b[0m b gap"
    assert shown(coloured("a gap", "gap", GAP), io.StringIO()) == "a gap"
    assert shown(coloured("a", "gap", GAP), Screen()) == "a"


def test_what_has_a_colour_is_escaped_as_all_else() -> None:
    """Neither the line nor its part can bring escapes of its own."""
    assert shown(coloured("a \x1b[2J", "\x1b[2J", GAP), Screen()) == "a \x1b[33m\\x1b[2J\x1b[0m"


def test_a_forced_colour_reaches_a_pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    echo(coloured("gap", "gap", GAP))
    assert capsys.readouterr().out == "\x1b[33mgap\x1b[0m\n"


def test_the_level_of_a_log_line_stands_out_and_information_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    set_up_logging(logging.INFO)
    log = logging.getLogger("feedrec")
    log.info("one warning: none")
    log.warning("one")
    log.error("another")
    told = [line.partition("Z ")[2] for line in screen.getvalue().splitlines()]
    assert [line.replace("\x1b[39m", "\x1b[0m") for line in told] == [
        "one warning: none",
        "\x1b[33mwarning:\x1b[0m one",
        "\x1b[31merror:\x1b[0m another",
    ]


def test_gaps_of_a_run_stand_out_in_its_report(monkeypatch: pytest.MonkeyPatch) -> None:
    for gaps in (0, 1):
        screen = Screen()
        monkeypatch.setattr("sys.stdout", screen)
        report(Summary("x.jsonl.zst", 1.0, Counts(frames=5, gaps=gaps, missing=gaps), 100))
        assert ("\x1b[33m1 gap\x1b[" in screen.getvalue()) is bool(gaps)
        assert ("\x1b" in screen.getvalue()) is bool(gaps)


@pytest.mark.parametrize(("count", "is_paged"), [(9, False), (10, True)])
def test_what_the_terminal_cannot_show_at_once_goes_through_a_pager(
    count: int, *, is_paged: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line below the last one is for the prompt; not even an escape reaches the pager as it is."""
    paged: list[str] = []
    monkeypatch.setattr("click.echo_via_pager", paged.extend)
    monkeypatch.setenv("LINES", "10")
    monkeypatch.setenv("COLUMNS", "80")
    echo_paged(f"\x1b{number}" for number in range(count))
    lines = [f"\\x1b{number}\n" for number in range(count)]
    assert (paged, capsys.readouterr().out) == ((lines, "") if is_paged else ([], "".join(lines)))


def test_an_error_goes_on_at_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal alone would tear the name of an endpoint in two."""
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("COLUMNS", "40")
    echo_problem("error", "there is no endpoint 'binance' (known: coinbase-advanced, raw)")
    assert screen.getvalue().replace("\x1b[31m", "").replace("\x1b[0m", "").splitlines() == [
        "feedrec: error: there is no endpoint",
        "'binance' (known: coinbase-advanced,",
        "raw)",
    ]


def recording_with_gap(folder: Path) -> Path:
    """Return a recording in which two frames are missing."""
    path = folder / "x.jsonl"
    with create_recording(path, Header("coinbase-exchange", "", 1)) as writer:
        for number in (1, 2, 5):
            if number == 5:
                details = {"channel": "heartbeat", "product": "BTC-USD", "expected": 3, "received": 5, "missing": 2}
                writer.write(Event(number * 10**9, 0, "gap", details))
            writer.write(
                Frame(number * 10**9, 0, b'{"type":"heartbeat","product_id":"BTC-USD","sequence":%d}' % number)
            )
    return path


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}], ids=str)
def test_a_gap_and_an_error_stand_out(tmp_path: Path, environment: dict[str, str]) -> None:
    """On a real terminal, in what is listed, and in what went wrong; never with NO_COLOR."""
    path = recording_with_gap(tmp_path)
    script = (
        "from feedrec.cli import cli, main\n"
        f"cli(['info', {str(path)!r}], standalone_mode=False)\n"
        f"cli(['cat', {str(path)!r}], standalone_mode=False)\n"
        f"main(['cat', {str(path) + '.none'!r}])\n"
    )
    with terminal() as (device, seen):
        subprocess.run(
            [sys.executable, "-c", script],
            stdin=device,
            stdout=device,
            stderr=device,
            env={**os.environ, **environment},
            timeout=HANG_TIMEOUT,
            check=False,
        )
    output = bytes(seen)
    assert b"1 gap" in output
    assert b"no such file" in output
    assert (YELLOW + b"1 gap" in output) is (not environment)
    assert output.count(YELLOW) == (0 if environment else 3)  # the count, its mark in the plot, its line
    assert output.count(RED + b"error:") == (0 if environment else 1)
    assert environment == {} or b"\x1b" not in output
