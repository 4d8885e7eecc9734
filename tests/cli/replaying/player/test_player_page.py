"""docs/player.md has the keys as they are, and a session as it goes, in a terminal that others wrote."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feedrec.cli.replaying.player.orders import HELP

from ....timing import wait_until
from ...command import DEMO
from .test_player import client_of

PAGE = (Path(__file__).parents[4] / "docs" / "player.md").read_text()
SCREEN, SESSION = (block.splitlines() for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL))
TMUX = shutil.which("tmux")

Tmux = Callable[..., str]


def alike(line: str) -> str:
    """Give a line without what is never the same: the time of the log, ports, and how long anything took."""
    line = re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ (?=\D)", "NOW ", line)
    line = re.sub(r"(?<=127\.0\.0\.1:)\d+", "PORT", line)
    return re.sub(r"[\d.]+ ms|\d+/s", "SOME", line)


def test_the_keys_of_the_page_are_those_that_there_are() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", PAGE.partition("### The line")[0], re.MULTILINE)
    assert rows == [("key", "what it does"), *HELP]


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    """Give what runs tmux, with a shell in a terminal of 80 columns and 24 lines."""
    server = f"feedrec-{uuid.uuid4().hex}"

    def run(*arguments: str) -> str:
        assert TMUX is not None
        command = [TMUX, "-L", server, "-f", os.devnull, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    code = "from feedrec.cli import main; main()"
    alias = f"alias feedrec='{sys.executable} -c \"{code}\"'"
    (tmp_path / "rc").write_text(f"PS1='$ '\n{alias}\n")
    shutil.copy(DEMO, tmp_path / "today.jsonl.zst")
    shell = f"env FEEDREC_REPLAY_PORT=0 NO_COLOR=1 bash --rcfile {tmp_path / 'rc'} -i"
    run("new-session", "-d", "-x", "80", "-y", "24", "-c", str(tmp_path), shell)
    yield run
    run("kill-server")


@pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
def test_the_session_of_the_page_goes_as_it_says(tmux: Tmux) -> None:
    """Pause, jump, step, skip, speed: time stands, so that each place is known to the millisecond."""

    def screen() -> list[str]:
        return tmux("capture-pane", "-p").rstrip().splitlines()

    def shows(line: str) -> None:
        wait_until(lambda: alike(screen()[-1:][0] if screen() else "") == alike(line))

    names = {"space": "Space", "right": "Right", "left": "Left"}
    rows = [row.split(maxsplit=1) for row in SESSION]
    wait_until(lambda: screen() == ["$"])
    tmux("send-keys", SCREEN[0].removeprefix("$ "), "Enter")
    wait_until(lambda: screen()[-1:] and screen()[-1].startswith("waiting for a client"))
    url = next(line for line in screen() if line.startswith("ws://"))
    (first, line), *rest = rows
    tmux("send-keys", names[first])
    wait_until(lambda: screen()[-1].startswith("paused"))
    with client_of(url, "level2", "ticker", "market_trades", "heartbeats"):
        shows(line)
        for key, line in rest[:-1]:
            tmux("send-keys", names.get(key, key))
            shows(line)
        assert [alike(row) for row in screen()] == [alike(row) for row in SCREEN]
        key, line = rest[-1]
        tmux("send-keys", names[key])
        kind = re.sub(r"\d", "0", alike(line))
        wait_until(lambda: re.sub(r"\d", "0", alike(screen()[-1])) == kind)
        tmux("send-keys", "q")
        wait_until(lambda: screen()[-1] == "$")
