"""The feeds of a process, served live: the processes that do it, and what they are told."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import shutil
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from ...admission.listening import bound_to, exposure
from ...errors import ServeError
from ...formats.line.codec import encode_header
from ...live_messages import Clients, FeedPlan, Logged, Ready, ServePlan, Told, Wish
from ...model import Header
from ...visible import with_escapes
from ..commands.environment import environment_for_commands
from ..watching.live_facts import LiveFacts, ProcessStanding
from .live_process import LiveProcess
from .live_run import LiveRun
from .relay import Relay
from .wishes import Wishes

__all__ = ["READY_WITHIN", "LiveServing", "ServeSettings", "ServingModules"]

READY_WITHIN = 30.0
"""Seconds that the process has at the start until it listens."""

_PAUSE_OF_STATES = 0.02  # seconds: who knows the states is asked seldom, and takes more at once with less work
_LONGEST_FOLDER = 80  # bytes, for a socket in it whose path may have 107 (unix(7))

log = logging.getLogger("feedrec")


class ServingModules(NamedTuple):
    """The modules that are run: the one that serves, and the one that knows the states."""

    serving: str
    states: str


class ServeSettings(msgspec.Struct, frozen=True):
    """
    How feeds are served.

    Attributes:
        host: Where to listen.
        port: The port; 0 for any.
        subscribes: Whether what clients ask for beyond what is recorded is subscribed.
        allow_hosts: Names by which clients may ask, besides the addresses of the machine.
        settings: What is not known about venues, by name.

    """

    host: str
    port: int
    subscribes: bool = False
    allow_hosts: tuple[str, ...] = ()
    settings: dict[str, str] = {}


class LiveServing:
    """
    Serves the feeds of a process. Used in an `async with` block, in which all runs are.

    Args:
        how: How.
        modules: What does it.
        withheld: Environment variables that they need not know: those of the venues' credentials.

    Raises:
        ServeError: If it cannot be listened there.

    """

    def __init__(self, how: ServeSettings, modules: ServingModules, withheld: Collection[str] = ()) -> None:
        bound_to(how.host, how.port, "--serve").close()  # what cannot be had is told before anything is begun
        self._how, self._modules, self._withheld = how, modules, withheld
        self._feeds: list[FeedPlan] = []
        self._folder = Path()
        self._port = how.port
        self._relay = Relay()
        self._wishes = Wishes(self._run_of)
        self._processes: dict[str, LiveProcess] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ready: asyncio.Future[list[str]] | None = None
        self._urls: list[str] = []
        self._fault = ""  # the last error that the process told
        self._clients, self._past = Clients(0, 0, 0), Clients(0, 0, 0)
        self._is_inside = False
        self._planning: asyncio.Task[None] | None = None

    def plan(self, feeds: Sequence[FeedPlan]) -> None:
        """
        Serve these feeds from now on.

        Where others were served before, the processes are started anew, and clients have to come again.
        """
        if list(feeds) == self._feeds:
            return
        self._feeds = list(feeds)
        self._relay.plan(self._feeds)
        if self._is_inside:
            for pipe in [one.pipe for one in self._processes.values() if one.pipe is not None]:
                self._relay.detach(pipe)  # it knows of other feeds
            if self._planning is None:
                self._planning = asyncio.create_task(self._begin_again())

    def run_of(self, feed: FeedPlan, header: Header) -> LiveRun:
        """Return what takes what a run of a feed writes; from any thread."""
        return LiveRun(self._relay, feed, encode_header(header), self._wishes.settled)

    @property
    def facts(self) -> LiveFacts:
        """How it stands; from any thread."""
        processes = {name: _standing(process) for name, process in list(self._processes.items())}
        now, past, wishes = self._clients, self._past, self._wishes
        served, cut = past.served + now.served, past.cut + now.cut
        return LiveFacts(processes, self._relay.bytes, now.now, served, cut, wishes.granted, wishes.refused)

    async def __aenter__(self) -> Self:
        """
        Start the processes, and wait until clients may come.

        Raises:
            ServeError: If they do not get ready.

        """
        self._begin()
        self._is_inside = True
        try:
            await self._until_ready()
        except BaseException:
            await self._end()
            raise
        for feed, url in _urls_by_feed(self._feeds, self._urls).items():
            log.info("%s %s served live at %s", feed, "are" if "," in feed else "is", url)
        warning = exposure([(self._how.host, self._port)], consequence="can read what is recorded")
        if warning is not None:
            log.warning("%s", warning)
        return self

    async def __aexit__(self, *error: object) -> None:
        """Let clients have what was recorded, and end the processes."""
        self._is_inside = False
        if self._planning is not None:
            self._planning.cancel()
            await asyncio.gather(self._planning, return_exceptions=True)
        await self._wishes.end()
        await self._end()

    async def _until_ready(self) -> None:
        """Wait until it listens; raise a `ServeError` if that fails, other than by somebody who kills the process."""
        serving = self._processes["serving"]
        serving.is_awaited = True
        self._ready = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(READY_WITHIN):
                while (not serving.said or serving.was_killed) and not self._ready.done():
                    await asyncio.wait([self._ready], timeout=0.02)
        except TimeoutError:
            raise ServeError(f"cannot serve live: nothing listens after {READY_WITHIN:.0f} s") from None
        serving.is_awaited = False
        if not self._ready.done():
            raise ServeError(self._fault or f"cannot serve live: the process {serving.said}")

    def _begin(self) -> None:
        """Start both processes."""
        self._folder = _private_folder()
        processes = {
            "serving": self._process("the process that serves live", self._modules.serving),
            "states": self._process("the process that knows the states", self._modules.states, wants_files=True),
        }
        for name, process in processes.items():
            before = self._processes.get(name)
            process.starts = 0 if before is None else before.starts
        self._processes = processes
        self._tasks = [asyncio.create_task(process.run()) for process in processes.values()]

    def _process(self, name: str, module: str, *, wants_files: bool = False) -> LiveProcess:
        return LiveProcess(
            name,
            lambda: self._arguments(module),
            functools.partial(self._relay.attach, wants_files=wants_files),
            self._relay.detach,
            self._take if not wants_files else _take_logged,
            environment=environment_for_commands(os.environ, self._withheld),
            pause=_PAUSE_OF_STATES if wants_files else 0.0,
        )

    def _arguments(self, module: str) -> list[str]:
        """Return what a process is started with; there is its folder, whoever cleans up among temporary files."""
        with contextlib.suppress(FileExistsError):
            self._folder.mkdir(mode=0o700)
        return ["-m", module, msgspec.json.encode(self._serve_plan).decode()]

    @property
    def _serve_plan(self) -> ServePlan:
        how = self._how
        states = str(self._folder / "states")
        hosts = list(how.allow_hosts)
        return ServePlan(self._feeds, how.host, self._port, states, how.subscribes, hosts, how.settings, os.getpid())

    async def _end(self) -> None:
        """End both processes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._count_past()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _begin_again(self) -> None:
        """Have processes that know of the feeds of now in the place of those that know of others."""
        feeds: list[FeedPlan] = []
        while feeds != self._feeds:
            feeds = self._feeds
            log.info("other feeds are served live from now on: clients have to connect again")
            await self._end()
            self._begin()
        self._planning = None

    def _take(self, told: Told) -> None:
        """Take what the process tells that serves."""
        match told:
            case Ready():
                self._listens(told.urls)
            case Wish():
                pipe = self._processes["serving"].pipe
                if pipe is not None:
                    self._wishes.take(told, functools.partial(self._relay.answer, pipe, told.feed))
            case Clients():
                self._clients = told
            case Logged():
                if told.level >= logging.ERROR:
                    self._fault = with_escapes(told.text)
                if self._urls or told.level < logging.ERROR:  # else it is raised
                    _take_logged(told)

    def _listens(self, urls: list[str]) -> None:
        self._count_past()
        if self._urls:
            log.info("feeds are served live again")
        self._urls = [with_escapes(url) for url in urls]
        if self._port == 0:  # the next one has to be found where this one was
            self._port = _port_of(self._urls)
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(urls)

    def _count_past(self) -> None:
        """Count the clients of a process that is over."""
        past, now = self._past, self._clients
        self._past, self._clients = Clients(0, past.served + now.served, past.cut + now.cut), Clients(0, 0, 0)

    def _run_of(self, place: int) -> LiveRun | None:
        run = self._relay.run_of(place)
        return run if isinstance(run, LiveRun) else None


def _take_logged(told: Told) -> None:
    """Log what a process has to say, and nothing else."""
    if isinstance(told, Logged):
        log.log(told.level, "%s", with_escapes(told.text))


def _standing(process: LiveProcess) -> ProcessStanding:
    pipe = process.pipe
    return ProcessStanding(pipe is not None, process.starts, 0 if pipe is None else pipe.waiting)


def _urls_by_feed(feeds: Sequence[FeedPlan], urls: Sequence[str]) -> dict[str, str]:
    """Return where each feed is; the names of those that are at one place, together."""
    names: dict[str, list[str]] = {}
    for feed, url in zip(feeds, urls, strict=False):
        names.setdefault(url, []).append(feed.name or feed.endpoint)
    return {", ".join(those): url for url, those in names.items()}


def _port_of(urls: Sequence[str]) -> int:
    """Return the port of addresses, which is the same for all; 0 if they say nothing."""
    for url in urls:
        port = url.partition("://")[2].partition("/")[0].rpartition(":")[2]
        if port.isascii() and port.isdigit():
            return int(port)
    return 0


def _private_folder() -> Path:
    """Return a folder that only this user can look into, with a path that is short enough for a socket."""
    with contextlib.suppress(OSError):
        folder = Path(tempfile.mkdtemp(prefix="feedrec-"))
        if len(str(folder).encode()) <= _LONGEST_FOLDER:
            return folder
        folder.rmdir()
    try:
        return Path(tempfile.mkdtemp(prefix="feedrec-", dir="/tmp"))  # mkdtemp makes it safely
    except OSError as error:
        raise ServeError(f"cannot serve live: no folder for a socket can be made ({error})") from error
