"""
A recorder that serves its feed, and whose processes are killed at random, beside clients that come and go.

The venue, the ledgers and the account of the files are those of `endurance`.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.processes import child_of, free_port, serving
from benchmarks.raw_client import connected

from ..accounting import Tally
from ..fickle_venue import Whims
from ..ledger import Ledger
from ..ordeal import files_of
from ..recorded import FilesAccount, account_of
from ..recorders import Supervised
from .accounting import LiveTally, SessionAccount, books_in
from .notes import Session, read_sessions
from .truth import read_runs

__all__ = ["FULL", "QUICK", "Form", "Served", "serve"]

_ROOT = Path(__file__).parents[2]
_MOST_FRAMES = 1 << 21  # that a recorder receives until it is killed
_STARTUP = 60.0
_CALM = 1.0  # seconds before the end in which nothing is killed
_MODULES = {"server": "serve_process", "states": "state_process"}
"""What the processes are known by: what stands in their command line."""


class Form(NamedTuple):
    """
    How long it lasts, and how much of everything there is.

    Attributes:
        seconds: From the first frame that a client has.
        whims: Of the venue.
        readers: Clients that read.
        stuck: Clients that never read.
        stay: Seconds that a reader stays on average, but for the first one.
        kill: Seconds between two kills, on average.
        victims: What is killed, one after another.

    """

    seconds: float
    whims: Whims
    readers: int
    stuck: int
    stay: float
    kill: float
    victims: tuple[str, ...]


FULL = Form(
    seconds=150,
    whims=Whims(rate=2000, snapshot=5_000_000, gap=8, end=40, ends=("abort", "farewell", "vanish")),
    readers=6,
    stuck=1,
    stay=5,
    kill=3,
    victims=("server", "states", "server", "states", "recorder"),
)
QUICK = FULL._replace(
    seconds=11,
    whims=Whims(rate=1000, snapshot=300_000, gap=3, end=7),
    readers=4,
    stay=2,
    kill=1.4,
    victims=("server", "states", "recorder"),
)


class Served(NamedTuple):
    """
    What came of it.

    Attributes:
        kills: How often each was killed.
        tally: What became of the frames of the venue, in the files.
        files: The account of the files.
        live: What became of those that clients were given.
        sessions: All that clients noted.
        cuts: How often a stuck client was cut off.
        failures: How the recorder ended where it was not killed, if that was not as it should.
        left: What was left behind: processes, and folders of their sockets.

    """

    kills: Counter[str]
    tally: Tally
    files: FilesAccount
    live: LiveTally
    sessions: list[Session]
    cuts: int
    failures: list[str]
    left: list[str]


def serve(folder: Path, form: Form, seed: int = 1) -> Served:
    """Do it, in an empty folder."""
    ledgers, notes, temporary = (folder / name for name in ("ledgers", "sessions", "tmp"))
    for one in (ledgers, notes, temporary):
        one.mkdir()
    whims = msgspec.json.encode(form.whims).decode()
    port = free_port()
    with serving("soak.fickle_venue", ledgers, whims) as venue:
        arguments = ["-c", "level2", "-c", "ticker", "-c", "market_trades", "-p", "BTC-USD,ETH-USD", "--rotate", "5s"]
        arguments += ["-o", "live.jsonl.zst", "--serve", f"127.0.0.1:{port}"]
        environment = {"TMPDIR": str(temporary)}
        recorder = Supervised(venue.url, arguments, folder, folder / "live.log", environment, most=_MOST_FRAMES)
        try:
            kills, cuts = _attack(recorder, f"ws://127.0.0.1:{port}", notes, form, seed)
        finally:
            recorder.stop()
    tally, sessions = Tally(), read_sessions(notes)
    files = files_of("live", folder, folder)
    account = account_of(files, FilesAccount(ledgers, "live", recorder.kills, (), tally))
    return Served(
        kills=kills,
        tally=tally,
        files=account,
        live=_account(sessions, files, ledgers),
        sessions=sessions,
        cuts=cuts,
        failures=[f"code {one.code}: {one.said}" for one in recorder.exits if one.code],
        left=[str(path.relative_to(temporary)) for path in temporary.iterdir()],
    )


def _attack(recorder: Supervised, url: str, notes: Path, form: Form, seed: int) -> tuple[Counter[str], int]:
    """Have clients read while one process after another is killed; return the kills, and the cuts."""
    chance, kills = random.Random(seed), Counter[str]()
    command = [sys.executable, "-m", "soak.live.clients", url, notes, form.readers, form.stuck, form.stay, seed]
    with subprocess.Popen(
        [*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT
    ) as clients:
        _wait_for(recorder, url)
        started = time.monotonic()
        victims = iter(form.victims * (1 + int(form.seconds / form.kill / len(form.victims))))
        while (now := time.monotonic()) < started + form.seconds - _CALM:
            time.sleep(min(form.kill * chance.uniform(0.3, 1.7), started + form.seconds - _CALM - now))
            victim = next(victims, "server")
            kills[victim] += recorder.kill() if victim == "recorder" else _kill_process(recorder, victim)
        _wait_for(recorder, url)
        time.sleep(_CALM)
        out, _ = clients.communicate(timeout=_STARTUP)
    return kills, int(out)


def _wait_for(recorder: Supervised, url: str) -> None:
    """Wait until a recorder has all its processes, and clients are taken."""
    deadline = time.monotonic() + _STARTUP
    while not (all(_process_of(recorder, name) for name in _MODULES) and _is_served(url)):
        assert time.monotonic() < deadline, "the recorder serves nothing"
        time.sleep(0.05)


def _is_served(url: str) -> bool:
    with contextlib.suppress(OSError), connected(url):
        return True
    return False


def _kill_process(recorder: Supervised, name: str) -> bool:
    process = _process_of(recorder, name)
    if process is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
        return True
    return False


def _process_of(recorder: Supervised, name: str) -> int | None:
    """Return the process of the recorder that runs a module; None if there is none now."""
    return None if recorder.process is None else child_of(recorder.process, _MODULES[name])


def _account(sessions: list[Session], files: list[Path], ledgers: Path) -> LiveTally:
    tally = LiveTally()

    @cache
    def ledger_of(connection: str) -> Ledger | None:
        path = ledgers / Path(connection).name
        return Ledger.read(path) if path.exists() else None

    wanted = set().union(*map(books_in, sessions))
    runs = read_runs(files, wanted)
    for session in sessions:
        SessionAccount(session, runs, ledger_of, tally).take()
    return tally
