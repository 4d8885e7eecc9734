"""
Recorders that are left alone with a venue, a disk, a clock and a supervisor that fail.

Two recorders have the same venue and the same disk. One is killed now and then, and started again; the other lives from
beginning to end, and its memory is watched. What the venue sent, `fickle_venue.py` notes; what became of each frame,
`accounting.py` finds in the files.
"""

from __future__ import annotations

import contextlib
import random
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.processes import serving
from feedrec.formats.file.names import natural_key
from feedrec.model import NANOSECONDS

from .accounting import Tally
from .disk import fill, recordings_in, small_disk
from .faked_clock import FakedClock, find_library
from .fickle_venue import Whims
from .left_undone import left_undone
from .recorded import FilesAccount, Interval, account_of
from .recorders import Exit, Resident, Supervised
from .scrapes import Scrapes
from .slope import slope_of

__all__ = ["FULL", "QUICK", "Endured", "Form", "endure", "files_of"]

_MB = 1 << 20
_RECOVERY = 8.0
"""Seconds after which a recorder has written what waited for a disk that was full."""

_SCRAPE = 2.0  # seconds between two looks at the metrics
_STEPS = (0.7, -0.7, 3600.0, -3600.0, 86_400.0, -5.0)
_MOST_FRAMES = 1 << 21  # that one receives until it is killed


class Form(NamedTuple):
    """
    How long it lasts, and how much of everything there is: seconds, unless it says otherwise.

    Attributes:
        seconds: All of it.
        whims: Of the venue.
        disk: Bytes of the small disk.
        rotate: After how long each recorder begins a new file.
        keep: How much each recorder keeps of its files.
        further: More options of the one that lives.
        age: After how long the one that lives replaces its connections.
        kill: Between two kills, on average.
        fill: Until the disk is filled, and from when it is free until it is filled again.
        full: For how long it is full; the last of them is the longest.
        step: Between two settings of the clock.
        warm_up: Until the memory counts.

    """

    seconds: float
    whims: Whims
    disk: int
    rotate: str
    keep: str
    age: str
    further: tuple[str, ...]
    kill: float
    fill: float
    full: tuple[float, ...]
    step: float
    warm_up: float


FULL = Form(
    seconds=600,
    whims=Whims(rate=5000, gap=2, reset=15, stall=20, end=40, ends=("abort", "farewell", "abort", "vanish", "silence")),
    disk=1024 * _MB,
    rotate="20s",
    keep="15MB",
    age="1m",
    further=("--snapshot-on-rotate",),
    kill=20,
    fill=50,
    full=(50, 5, 5, 5, 10, 3),
    step=15,
    warm_up=150,
)
QUICK = FULL._replace(
    seconds=20,
    whims=Whims(rate=5000, gap=1, reset=4, stall=6, stall_seconds=1, end=8, ends=("abort", "farewell", "vanish")),
    disk=256 * _MB,
    rotate="5s",
    keep="1MB",
    age="4s",
    further=(),
    kill=7,
    fill=6,
    full=(2,),
    step=4,
    warm_up=10,
)


class Endured(NamedTuple):
    """
    What came of it.

    Attributes:
        tally: What became of the frames of both recorders.
        mortal, steady: The files of each, accounted for.
        kills: How often the one was killed.
        failures: What they said that ended by themselves though the disk took what they wrote, or badly at the end.
        times_full: How often the disk was full; None if none could be mounted.
        steps: How often the clock was set; None without libfaketime.
        memory: That of the other, outside the times when the disk took nothing.
        verified: The exit code of `feedrec verify`, and what it said.
        shipped: How many finished files a command of the recorders copied.
        removed: How many of these are gone, because only so much is kept.
        left_undone: Files that are not finished, or were not copied as they are, and what is still marked so.
        scrapes: The figures that the other served.

    """

    tally: Tally
    mortal: FilesAccount
    steady: FilesAccount
    kills: int
    failures: list[str]
    times_full: int | None
    steps: int | None
    memory: list[Resident]
    verified: tuple[int, str]
    shipped: int
    removed: int
    left_undone: list[str]
    scrapes: Scrapes

    @property
    def growth(self) -> float:
        """MB that the memory grows by in ten minutes."""
        return slope_of([(one.time, one.size) for one in self.memory]) * 600 / 1e6


class _Disk:
    """A disk that is full at times."""

    def __init__(self, folder: Path, form: Form) -> None:
        self._ballast = folder / "ballast"
        self._full = list(form.full)
        self._apart = form.fill
        self._started = 0
        self.times: list[Interval] = []

    def act(self) -> float:
        """Fill it, or free it; return after how many seconds to do the other."""
        if self._ballast.exists():
            self._ballast.unlink()
            self.times.append(Interval(self._started, time.monotonic_ns() + round(_RECOVERY * NANOSECONDS)))
            return self._apart
        if not self._full:
            return float("inf")
        self._started = time.monotonic_ns()
        fill(self._ballast)
        return self._full.pop(0)

    def free(self) -> None:
        """Have it free at the end."""
        if self._ballast.exists():
            self.act()


def endure(folder: Path, form: Form, seed: int = 1) -> Endured:
    """Do it, in an empty folder."""
    chance = random.Random(seed)
    library = find_library(folder)
    ledgers = folder / "ledgers"
    ledgers.mkdir()
    whims = msgspec.json.encode(form.whims).decode()
    with contextlib.ExitStack() as stack:
        where, has_disk = folder / "disk", True
        try:
            stack.enter_context(small_disk(where, form.disk))
        except PermissionError:
            has_disk = False
        shipped = folder / "shipped"
        shipped.mkdir()
        scrapes = Scrapes(folder / "steady.log")
        disk = _Disk(where, form)
        clock = None if library is None else FakedClock(library, folder / "clock")
        server = stack.enter_context(serving("soak.fickle_venue", ledgers, whims))
        mortal = _recorder("mortal", server.url, form, folder, clock, "--verify-books", most=_MOST_FRAMES)
        options = ("--connections", "2", "--max-age", form.age, "--metrics", "127.0.0.1:0", *form.further)
        steady = _recorder("steady", server.url, form, folder, clock, *options)
        acts: list[tuple[Callable[[], float], float]] = [(_killing(mortal, form, chance), form.kill / 2)]
        if has_disk:
            acts.append((disk.act, form.fill))
        if clock is not None:
            acts.append((_setting(clock, form, chance), form.step))
        try:
            memory = _run(form, acts, steady, scrapes)
            disk.free()
            mortal.restart()  # what is left is finished then, on a disk that takes it
            scrapes.take()
        finally:
            mortal.stop()
            steady.stop()
        memory = [one for one in memory if not _within(disk.times, one.time)]
        tally, accounts = Tally(), []
        for one, name in ((mortal, "mortal"), (steady, "steady")):
            account = FilesAccount(ledgers, name, one.kills, disk.times, tally)
            accounts.append(account_of(files_of(name, where, shipped), account))
        failures = [text for one in (mortal, steady) for text in _failures(one, disk.times)]
        return Endured(
            tally=tally,
            mortal=accounts[0],
            steady=accounts[1],
            kills=len(mortal.kills),
            failures=failures,
            times_full=len(disk.times) if has_disk else None,
            steps=None if clock is None else accounts[1].steps,
            memory=memory,
            verified=_verify(shipped),
            shipped=len(list(shipped.iterdir())),
            removed=sum(not (where / path.name).exists() for path in shipped.iterdir()),
            left_undone=list(left_undone(where, shipped, ["mortal"] + ["steady"] * (len(steady.exits) > 1))),
            scrapes=scrapes,
        )


def _recorder(
    name: str, url: str, form: Form, folder: Path, clock: FakedClock | None, *options: str, most: int = 0
) -> Supervised:
    arguments = ["-c", "level2", "-c", "ticker", "-c", "market_trades"]
    arguments += ["-p", "BTC-USD,ETH-USD", "--rotate", form.rotate, "-o", f"{name}.jsonl.zst", *options]
    arguments += ["--keep", form.keep, "--on-rotate", f"cp {{path}} {shlex.quote(str(folder / 'shipped'))}/{{name}}"]
    environment = {} if clock is None else clock.environment
    return Supervised(url, arguments, folder / "disk", folder / f"{name}.log", environment, most=most)


def _killing(recorder: Supervised, form: Form, chance: random.Random) -> Callable[[], float]:
    def kill() -> float:
        recorder.kill()
        return form.kill * chance.uniform(0.5, 1.5)

    return kill


def _setting(clock: FakedClock, form: Form, chance: random.Random) -> Callable[[], float]:
    def step() -> float:
        clock.set(0.0 if clock.ahead and chance.random() < 0.5 else clock.ahead + chance.choice(_STEPS))
        return form.step * chance.uniform(0.5, 1.5)

    return step


def _run(
    form: Form, acts: list[tuple[Callable[[], float], float]], steady: Supervised, scrapes: Scrapes
) -> list[Resident]:
    """Act until the time is over; return the memory of the recorder that lives."""
    started = time.monotonic()
    due = [(started + delay, act) for act, delay in [*acts, (_scraping(scrapes), 1.0)]]
    memory: list[Resident] = []
    while (now := time.monotonic()) < started + form.seconds:
        for number, (when, act) in enumerate(due):
            if now >= when:
                due[number] = (time.monotonic() + act(), act)
        resident = steady.resident()
        if resident is not None and now >= started + form.warm_up:
            memory.append(resident)
        time.sleep(0.2)
    return memory


def _scraping(scrapes: Scrapes) -> Callable[[], float]:
    def scrape() -> float:
        scrapes.take()
        return _SCRAPE

    return scrape


def files_of(name: str, folder: Path, shipped: Path) -> list[Path]:
    """Return the files of a recorder in their order, those that were removed as they were copied."""
    found = {path.name: path for one in (shipped, folder) for path in recordings_in(one) if path.name.startswith(name)}
    return [found[one] for one in sorted(found, key=natural_key)]


def _within(intervals: list[Interval], seconds: float) -> bool:
    return any(start <= seconds * NANOSECONDS <= end for start, end in intervals)


def _failures(recorder: Supervised, full: list[Interval]) -> list[str]:
    """Return how it ended otherwise than it should: a disk that is full when it starts is an error at once."""
    *others, last = recorder.exits or [Exit(0, 1, "it did not end")]
    bad = [one for one in others if not _within(full, one.time / NANOSECONDS)]
    return [f"code {one.code}: {one.said}" for one in ([*bad, last] if last.code else bad)]


def _verify(folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "feedrec", "verify", *map(str, recordings_in(folder))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
