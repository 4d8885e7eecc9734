"""The feeds of one test: each is replayed, or recorded if that was asked for, and all end with the test."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import pytest

from ...errors import FeedrecError, UsageError, WriteError
from ...formats.places.url_path import UrlPath, place_of
from ...formats.several.folder import find_recordings
from ..feed_replay import FeedReplay
from ..replay_options import as_replay_options
from .network_block import NetworkBlock
from .record_modes import RecordMode, is_to_be_recorded, parse_age
from .recording_lock import recording_lock
from .recordings import is_made_since, require_whole
from .report import describe
from .servers import Servers

__all__ = ["FeedsOfTest", "Settings", "servers_of", "start_marked"]

if TYPE_CHECKING:
    from .live_feed import LiveFeed

    Feed = FeedReplay | LiveFeed

_servers = pytest.StashKey[Servers]()


class Settings(NamedTuple):
    """
    What was chosen for the run.

    Attributes:
        record: When recordings are made.
        max_age: How old they may be, in nanoseconds; None for as old as they like.
        blocks_network: Whether connections to other machines are refused.
        began: When the run began, in nanoseconds.

    """

    record: RecordMode
    max_age: int | None
    blocks_network: bool
    began: int

    @classmethod
    def of(cls, record: str, max_age: str, began: int, *, blocks_network: bool) -> Self:
        """
        Read what was written.

        Raises:
            UsageError: If the age is none.

        """
        return cls(RecordMode(record), parse_age(max_age), blocks_network, began)


class _From(NamedTuple):
    """Where a feed is recorded from, as the test says it: its endpoint or address, what is spoken there, and REST."""

    to: str | None
    endpoint: str | None
    rest_to: str | None


class FeedsOfTest:
    """
    Starts the feeds of a test, and ends them with it.

    Args:
        folder: Where recordings are.
        settings: What was chosen.
        servers: Where feeds run.

    """

    def __init__(self, folder: Path, settings: Settings, servers: Servers) -> None:
        self._folder = folder
        self._settings = settings
        self._servers = servers
        self._feeds: list[tuple[str, Feed]] = []
        self._block = NetworkBlock(servers.threads)
        self._ending = contextlib.ExitStack()
        self._has_passed = False
        self._told: set[str] = set()

    def __enter__(self) -> Self:
        if self._settings.blocks_network:
            self._ending.enter_context(self._block.active())
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self._ending.close()
        except FeedrecError as failure:
            if str(failure) not in self._told:
                raise pytest.fail.Exception(str(failure), pytrace=False) from None

    def start(
        self,
        *recordings: Path | str,
        to: str | None = None,
        endpoint: str | None = None,
        rest_to: str | None = None,
        **options: Any,
    ) -> Feed:
        """
        Start a feed; see the fixture `feed_replay`.

        Raises:
            FeedrecError: If it cannot be started.

        """
        __tracebackhide__ = True
        try:
            wrong = [one for one in recordings if not isinstance(one, str | Path)]
            if wrong:
                raise UsageError(f"a recording is the name of a file or folder, not {wrong[0]!r}")
            return self._start([self._place_of(one) for one in recordings], _From(to, endpoint, rest_to), options)
        except FeedrecError as error:
            raise error.with_traceback(None) from None  # the line of the test is what counts

    def _place_of(self, name: Path | str) -> Path:
        place = place_of(name)
        return place if isinstance(place, UrlPath) else self._folder / place

    def check(self) -> None:
        """Fail the test if a feed has failed, which the test may not have noticed."""
        self._servers.settle()
        try:
            for _, feed in self._feeds:
                feed.check()
        except FeedrecError as failure:
            self._told.add(str(failure))
            raise pytest.fail.Exception(str(failure), pytrace=False) from None

    def take_report(self, report: pytest.TestReport) -> None:
        """Take note of how a phase of the test went, and show in the report of a failure what the feeds know."""
        if report.when == "call":
            self._has_passed = report.passed
        if not report.failed or report.when == "teardown":
            return
        self._servers.settle()
        report.sections += [describe(name, feed, self._failure_of(feed)) for name, feed in self._feeds]
        if self._block.refused:
            report.sections.append(("feedrec: connections that were refused", "\n".join(self._block.refused)))

    def _failure_of(self, feed: Feed) -> str | None:
        """Return what is to be told of a feed that has failed, which may be why the test has."""
        try:
            feed.check()
        except FeedrecError as failure:
            if str(failure) not in self._told:
                self._told.add(str(failure))
                return str(failure)
        return None

    def _start(self, paths: list[Path], source: _From, options: dict[str, Any]) -> Feed:
        feed: Feed | None = None
        if self._settings.record is not RecordMode.NONE:
            feed = self._live_feed(paths, source, options)
        if feed is None:
            for path in paths:
                for file in find_recordings([path]):
                    require_whole(file, source.to, self._settings.max_age)
            feed = FeedReplay(*paths, **{"thread": self._servers.thread, **options})
            feed.start()
            self._ending.callback(feed.close)
        self._feeds.append((", ".join(path.name for path in paths), feed))
        return feed

    def _live_feed(self, paths: list[Path], source: _From, options: dict[str, Any]) -> LiveFeed | None:
        """Return a feed that records, once no other test does; None if nothing is to be recorded."""
        to = source.to
        missing = [path for path in paths if not isinstance(path, UrlPath) and self._is_to_be_recorded(path, to)]
        if not missing:
            return None
        if len(paths) > 1:
            raise UsageError(f"{missing[0]} cannot be recorded together with others: give it a feed of its own")
        if to is None:
            raise UsageError(f"{missing[0]} cannot be recorded: say where from, with to=ENDPOINT or to=URL")
        from ...recorder import ProxyOptions, source_to  # noqa: PLC0415  only who records pays for the recorder
        from .live_feed import LiveFeed  # noqa: PLC0415

        path = missing[0].resolve()
        checked = {name: value for name, value in options.items() if name not in ("start", "end", "thread")}
        as_replay_options(path, {"speed": "max", **checked})  # offsets are of a recording that is not there yet
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(path.parent, f"cannot be created: {error.strerror}") from error
        with contextlib.ExitStack() as held:
            held.enter_context(recording_lock(path))
            if not self._is_to_be_recorded(path, to):  # another test has made it meanwhile
                return None
            overwrite = self._settings.record is RecordMode.ALL
            if overwrite and os.path.lexists(path):
                require_whole(path, to, None)  # what is no good recording may be something else: it is left alone
            feed = LiveFeed(
                path,
                source_to(to, source.endpoint),
                self._servers.thread,
                overwrite=overwrite,
                options=ProxyOptions(rest_to=source.rest_to),
            )
            feed.start()
            held.callback(lambda: feed.end(has_passed=self._has_passed))
            self._ending.enter_context(held.pop_all())
            return feed

    def _is_to_be_recorded(self, path: Path, to: str | None) -> bool:
        settings = self._settings
        return is_to_be_recorded(
            settings.record,
            exists=os.path.lexists(path),
            is_of_this_run=is_made_since(path, settings.began),
            has_source=to is not None,
        )


def servers_of(config: pytest.Config) -> Servers:
    """Return the thread of this process; it ends with the run."""
    servers = config.stash.get(_servers, None)
    if servers is None:
        servers = config.stash[_servers] = Servers()
        config.add_cleanup(servers.close)
    return servers


def start_marked(node: pytest.Item, start: Callable[..., Feed]) -> Feed:
    """Start the feed that the marker of a test names; what is wrong with it fails the test, in one line."""
    marker = node.get_closest_marker("feed")
    if marker is None:
        pytest.fail(
            'the fixture `feed` replays what the test is marked with: add @pytest.mark.feed("NAME.jsonl.zst"), '
            "or use the fixture `feed_replay`",
            pytrace=False,
        )
    try:
        return start(*marker.args, **marker.kwargs)
    except FeedrecError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
