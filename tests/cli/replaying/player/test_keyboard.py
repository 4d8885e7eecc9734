"""The terminal gives its keys, and is as it was afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
import sys
import termios
from collections.abc import Iterator

import pytest

from feedrec.cli.replaying.player.keyboard import AFTER_ESCAPE, Keyboard

from ....timing import until, wait_until
from ...command import DEMO
from ...terminal_session import in_terminal

FATAL = (signal.SIGTSTP, signal.SIGCONT, signal.SIGHUP, signal.SIGQUIT)
REPLAY = [sys.executable, "-m", "feedrec", "replay", str(DEMO), "--port", "0"]


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Give both ends of a terminal that controls no process: that of a person, and that of a program."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


def test_keys_arrive_at_once_and_unseen_and_then_the_mode_is_as_before(terminal: tuple[int, int]) -> None:
    person, program = terminal
    before = termios.tcgetattr(program)

    async def scene() -> None:
        keys: list[str] = []
        with Keyboard(program, keys.append) as keyboard:
            assert keyboard.is_ours
            for part in (b"q", b"\x1b", b"[", b"C", b"\x1bOD"):
                os.write(person, part)
                await asyncio.sleep(0)
            await until(lambda: keys == ["q", "right", "left"])
        assert not keyboard.is_ours

    asyncio.run(scene())
    assert termios.tcgetattr(program) == before
    os.set_blocking(person, False)
    with pytest.raises(BlockingIOError):
        os.read(person, 1)  # no echo


def test_escape_by_itself_is_over_after_a_moment(terminal: tuple[int, int]) -> None:
    person, program = terminal

    async def scene() -> None:
        keys: list[str] = []
        with Keyboard(program, keys.append):
            os.write(person, b"\x1b")
            await asyncio.sleep(3 * AFTER_ESCAPE)
            os.write(person, b"[")
            await until(lambda: keys == ["["])

    asyncio.run(scene())


def test_an_error_leaves_the_terminal_as_it_was(terminal: tuple[int, int]) -> None:
    _, program = terminal
    before = termios.tcgetattr(program)
    handlers = [signal.getsignal(number) for number in FATAL]

    async def scene() -> None:
        with Keyboard(program, print):
            raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        asyncio.run(scene())
    assert termios.tcgetattr(program) == before
    assert [signal.getsignal(number) for number in FATAL] == handlers


def test_a_terminal_that_is_closed_gives_no_keys_any_more(terminal: tuple[int, int]) -> None:
    person, program = terminal

    async def scene() -> None:
        with Keyboard(program, print) as keyboard:
            os.close(person)
            await until(lambda: not keyboard.is_ours)
            keyboard.look()

    asyncio.run(scene())


def test_no_terminal_is_none() -> None:
    read, write = os.pipe()

    async def scene() -> None:
        with Keyboard(read, print) as keyboard:
            assert not keyboard.is_ours

    asyncio.run(scene())
    os.close(read)
    os.close(write)


@pytest.mark.parametrize(
    ("key", "number", "code"),
    [
        ("q", None, 0),
        ("\x03", None, 0),
        ("", signal.SIGTERM, 0),
        ("\x1c", None, -signal.SIGQUIT),
        ("", signal.SIGHUP, -signal.SIGHUP),
    ],
    ids=["q", "Ctrl-C", "SIGTERM", "Ctrl-\\", "SIGHUP"],
)
def test_however_a_replay_ends_the_terminal_is_as_it_was(key: str, number: signal.Signals | None, code: int) -> None:
    """Its mode, and its cursor; and it dies of the same signals as ever."""
    with in_terminal(REPLAY) as session:
        before = session.mode
        session.wait_for("waiting for a client")
        assert session.has_keys
        session.type(key)
        if number is not None:
            session.process.send_signal(number)
        assert session.wait() == code
        assert session.mode == before
        assert session.shown.count("\x1b[?25l") == session.shown.count("\x1b[?25h") == 1


def test_a_replay_that_is_stopped_leaves_the_terminal_to_others_and_takes_it_again() -> None:
    """Ctrl-Z and fg of a shell; and one that begins in the background neither reads keys nor draws before fg."""
    with in_terminal(["bash", "--norc", "--noediting", "-i"], env={"PS1": "$ ", "TERM": "xterm"}) as session:
        session.type(f"alias replay='{' '.join(REPLAY)}'\nreplay\n")
        session.wait_for("waiting for a client")
        assert session.has_keys
        session.type("\x1a")
        session.wait_for(r"\x1b\[\?25h(.|\n)*Stopped(.|\n)*\$ ")
        assert not session.has_keys
        session.type("stty -a\n")
        session.wait_for(r" icanon (.|\n)* echo (.|\n)*\$ ")
        session.type("fg\n")
        session.wait_for("waiting for a client")
        assert session.has_keys
        os.killpg(session.foreground, signal.SIGSTOP)  # which it cannot see: the shell puts its own mode back
        session.wait_for(r"Stopped(.|\n)*\$ ")
        session.type("stty sane; fg\n")
        session.wait_for("waiting for a client")
        wait_until(lambda: session.has_keys)
        session.type("q")
        session.wait_for(r"replayed to no client(.|\n)*\$ ")
        session.type("replay &\n")
        session.wait_for("q quits")
        session.type("echo still here\n")
        session.wait_for(r"\nstill here")
        assert not session.has_keys
        session.forget()
        session.type("fg\n")
        drawn = session.wait_for("waiting for a client")
        assert "\x1b[J" in session.shown[: drawn.end()]
        assert session.has_keys
        session.type("q")
        session.wait_for(r"replayed to no client(.|\n)*\$ ")
        session.type("exit\n")
        session.wait()
