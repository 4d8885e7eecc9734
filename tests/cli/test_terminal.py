"""No text of a venue, a client or a file controls the terminal of whoever reads it."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import io
import json
import os
import pty
import re
import signal
import string
import subprocess
import sys
import termios
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from feedrec.cli.terminal import as_text, echo, echo_json, printable
from feedrec.formats import create_recording
from feedrec.model import Event, Frame, Header

from ..recorder.venue import Peer, close, run, text, venue
from ..timing import HANG_TIMEOUT
from .command import DEMO, background, feedrec, first_line

CLI = Path(__file__).parents[2] / "feedrec" / "cli"

HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\nfeedrec: all is well\x9b31m\x7f\u202e\u2066\u200b\u2028\U000e0041\x08"
"""Sets the title, clears the screen, fakes a line, colours it by a C1 control, reverses it, hides a letter."""


def is_visible(character: str) -> bool:
    """Return whether a character shows as itself and where it stands."""
    return unicodedata.category(character) not in {"Cc", "Cf", "Zl", "Zp", "Cs"} or character == "\n"


def invisible(output: bytes) -> str:
    """Return what of an output a terminal would act on, but its line ends."""
    decoded = output.decode().replace("\r\n", "\n")  # a terminal sends \r\n for \n
    return "".join(character for character in decoded if not is_visible(character))


class Seen(msgspec.Struct):
    """What a terminal was sent, and the exit code."""

    output: bytes
    code: int


@contextlib.contextmanager
def terminal() -> Iterator[tuple[int, bytearray]]:
    """Yield a terminal to write to, and what was written to it when the block has ended."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, 200))
    seen = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):  # all have closed it
            while chunk := os.read(ours, 65536):
                seen.extend(chunk)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield theirs, seen
    finally:
        os.close(theirs)
        thread.join(HANG_TIMEOUT)
        os.close(ours)


def on_terminal(*arguments: object, cwd: Path | None = None) -> Seen:
    """Run feedrec to its end with all three streams on a terminal that cannot redraw."""
    with terminal() as (device, seen):
        done = subprocess.run(
            [sys.executable, "-m", "feedrec", *map(str, arguments)],
            stdin=device,
            stdout=device,
            stderr=device,
            cwd=cwd,
            env={**os.environ, "TERM": "dumb"},
            timeout=HANG_TIMEOUT,
            check=False,
        )
    return Seen(bytes(seen), done.returncode)


def hostile_recording(folder: Path) -> Path:
    """Return a recording that holds the text wherever a recording can."""
    path = folder / f"x{HOSTILE}.jsonl".replace("/", "")
    header = Header(
        HOSTILE, f"wss://{HOSTILE}", 1, HOSTILE, [{"channel": HOSTILE, "products": [HOSTILE]}], extra={HOSTILE: HOSTILE}
    )
    with create_recording(path, header) as writer:
        writer.write(Event(1, 0, "open", {"url": HOSTILE}))
        writer.write(Frame(2, 0, json.dumps({"type": HOSTILE}, ensure_ascii=False).encode()))
        writer.write(Frame(3, 0, HOSTILE.encode()))
        writer.write(Frame(4, 0, b"\x1b[2J\xff\x9b", binary=True))
        writer.write(Event(5, 0, "error", {"message": HOSTILE}))
        writer.write(Event(6, 0, "close", {"code": 1000, "reason": HOSTILE}))
    return path


def exchange_recording(folder: Path) -> Path:
    """Return a recording whose channels and products are hostile, of a venue that feedrec describes."""
    path = folder / "exchange.jsonl"
    with create_recording(path, Header("coinbase-exchange", "", 1)) as writer:
        for number, kind in enumerate(["ticker", HOSTILE]):
            row = {"type": kind, "product_id": HOSTILE, "sequence": 5, "side": HOSTILE}
            writer.write(Frame(number + 2, 0, json.dumps(row, ensure_ascii=False).encode()))
    return path


@given(st.text())
def test_printable_text_has_no_control_character_and_is_escaped_once(text: str) -> None:
    shown = printable(text)
    assert {unicodedata.category(character) for character in shown}.isdisjoint({"Cc", "Zl", "Zp", "Cs"})
    assert printable(shown) == shown


@pytest.mark.parametrize(
    "character", sorted({*HOSTILE} - {*string.printable} | {*"\x00\x1b\t\n\r\u061c\ufeff"}), ids=ascii
)
def test_what_cannot_be_seen_becomes_an_escape(character: str) -> None:
    assert printable(f"a{character}b") == f"a{character.encode('unicode_escape').decode()}b"


@pytest.mark.parametrize("text", ["ä", "日本", "BTC-USD", "\\n", "🙂", "e\u0301", "\u05d0"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert printable(text) == text


def test_names_are_printed_in_one_line() -> None:
    assert printable("a\nb\x1b[1m\udcff ä") == r"a\nb\x1b[1m? ä"
    assert as_text("a\n\udcff") == "a\n?"


def test_lines_are_printed_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    echo("one\ntwo", "three")
    assert capsys.readouterr().out == "one\\ntwo\nthree\n"


@given(st.text())
def test_json_has_the_same_value_and_nothing_invisible(text: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        echo_json({"name": as_text(text)})
    line = out.getvalue().removesuffix("\n")
    assert json.loads(line) == {"name": as_text(text)}
    assert printable(line) == line


COMMANDS: list[tuple[str, ...]] = [
    ("info",),
    ("info", "--json"),
    ("verify",),
    ("verify", "--json"),
    ("cat",),
    ("cat", "--full"),
    ("cat", "--raw"),
    ("cat", "-0"),
    ("repair", "-o", "repaired.jsonl"),
    ("repair", "--json", "-o", "repaired.jsonl"),
    ("convert", "-o", "converted.jsonl.zst"),
    ("convert", "--json", "-o", "converted.jsonl.zst"),
    ("replay", "--port", "0", "--from", "x"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("make", [hostile_recording, exchange_recording])
def test_nothing_in_a_file_controls_the_terminal(tmp_path: Path, command: Sequence[str], make: Any) -> None:
    """Names, header fields, payloads, events: all are seen, none acts."""
    seen = on_terminal(*command, make(tmp_path), cwd=tmp_path)
    assert b"owned" in seen.output or command[0] in {"convert", "repair", "replay", "verify"}
    assert invisible(seen.output) == "\0" * seen.output.count(b"\0")  # the ends that -0 asks for
    assert b"\nfeedrec: all is well" not in seen.output.replace(b"\r", b"")


@pytest.mark.parametrize("command", ["info", "verify", "cat", "repair", "replay"])
def test_an_error_that_quotes_a_name_is_one_line(tmp_path: Path, command: str) -> None:
    seen = on_terminal(command, tmp_path / f"none{HOSTILE}.jsonl".replace("/", ""))
    assert seen.code != 0
    assert invisible(seen.output) == ""
    assert seen.output.count(b"\n") == 1


def test_arguments_are_seen_as_they_are() -> None:
    """A script may pass on what it did not write."""
    for arguments in (HOSTILE,), ("record", "-c", HOSTILE), ("record", f"--{HOSTILE}"), ("replay", "--speed", HOSTILE):
        seen = on_terminal(*(argument.replace("\0", "") for argument in arguments))
        assert seen.code == 2
        assert invisible(seen.output) == ""


def test_payloads_reach_a_pipe_exactly(tmp_path: Path) -> None:
    """Only a terminal is protected: a program gets every byte."""
    path = hostile_recording(tmp_path)
    payloads = [json.dumps({"type": HOSTILE}, ensure_ascii=False).encode(), HOSTILE.encode(), b"\x1b[2J\xff\x9b"]
    assert feedrec("cat", "--raw", "-0", path).stdout == b"".join(payload + b"\0" for payload in payloads)
    assert feedrec("cat", path).stdout == path.read_bytes()


def test_lines_on_a_terminal_are_the_same_json(tmp_path: Path) -> None:
    """What is copied from the terminal has the same values."""
    path = hostile_recording(tmp_path)
    shown = on_terminal("cat", "--full", path).output.decode().splitlines()
    assert [json.loads(line) for line in shown] == [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_venue_does_not_control_the_terminal_of_the_recorder(tmp_path: Path) -> None:
    """Neither by a close reason, nor by an error message, a header or a frame."""
    reason = HOSTILE.replace("\U000e0041", "")

    async def be_hostile(peer: Peer) -> None:
        error = {"type": "error", "message": HOSTILE, "reason": HOSTILE}
        await peer.accept(text(json.dumps(error, ensure_ascii=False).encode()))
        await peer.write(close(1011, reason))
        await peer.reader.read()

    async def refuse(peer: Peer) -> None:
        await peer.respond("503 \x1b[2J\x9b31m")

    async def answer_oddly(peer: Peer) -> None:
        await peer.accept(headers=["X: \x1b[2J"])

    async def record() -> bytes:
        async with venue(be_hostile, refuse, answer_oddly, be_hostile) as url:
            with terminal() as (device, seen):
                streams: dict[str, Any] = {"stdin": device, "stdout": device, "stderr": device}
                options = {**streams, "env": {**os.environ, "TERM": "dumb"}, "cwd": tmp_path}
                arguments = ("record", "-v", "-e", "coinbase-exchange", "-c", "ticker", "--url", url)
                with background(*arguments, **options) as process:
                    while seen.count(b"open to") < 2 and process.poll() is None:
                        await asyncio.sleep(0.01)
                    process.send_signal(signal.SIGTERM)
                    await asyncio.to_thread(process.wait, HANG_TIMEOUT)
        return bytes(seen)

    output = run(record())
    assert b"owned" in output
    assert invisible(output) == ""


def test_a_client_does_not_control_the_terminal_of_the_replay() -> None:
    """Neither by its path, nor by what it asks for, nor by why it leaves."""
    with terminal() as (device, seen):
        options = ("--port", "0", "--speed", "max", "--at-end", "hold")
        environment = {**os.environ, "TERM": "dumb"}
        with background("replay", DEMO, "-v", *options, stderr=device, env=environment) as process:
            url = first_line(process.stdout)
            with (
                contextlib.suppress(InvalidStatus),
                connect(url + "/%1b%5b2J\u202e".encode("latin-1", "ignore").decode()),
            ):
                pass
            with connect(url) as client:
                for channel in ("level2", HOSTILE):
                    client.send(json.dumps({"type": "subscribe", "channel": channel, "product_ids": [HOSTILE]}))
                client.send(HOSTILE)
                client.recv(timeout=HANG_TIMEOUT)
                client.close(1000, HOSTILE[:20])
            process.send_signal(signal.SIGTERM)
            process.wait(HANG_TIMEOUT)
    assert invisible(bytes(seen)) == ""


def test_every_command_prints_through_one_module() -> None:
    """So that what is not escaped cannot be forgotten."""
    found = []
    for module in sorted(CLI.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text())):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if re.fullmatch(r"print|click\.(s?echo|secho)|(sys\.std(out|err)|.*stream|os)\.write", called):
                found.append(f"{module.relative_to(CLI)}: {called}")
    assert sorted(set(found)) == [
        "live/live_line.py: stream.write",
        "live/outlet.py: os.write",
        "terminal.py: click.echo",
    ]
