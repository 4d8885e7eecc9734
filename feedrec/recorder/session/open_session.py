"""The entry point for programs: open a session, be called for every frame, subscribe to more, leave."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from ...errors import FeedrecError, UsageError
from ...feeds import Feed, Subscription, find_feed, rule_of
from ...feeds.channel_requests import Wanted, missing_credentials, resolve_channels
from ...feeds.credentials import Credentials
from ...feeds.redaction import Redaction
from ...formats.file.growing.disk_rules import DiskRules
from ...formats.file.growing.growing_file import begin_file
from ...formats.file.modes import FileMode
from ...formats.file.rotation import RotatingWriter
from ...formats.places.url_path import place_of
from ...model import Frame, FrameInfo
from .callbacks import Callbacks
from .failover import Failover
from .run_options import Limits, RunOptions
from .session import RecordingSession
from .source import Source

__all__ = ["create_session", "failover_of", "open_session", "recording_of"]


class CallbackOptions(TypedDict, total=False):
    """The fields of `Callbacks`, each of which may be left out."""

    on_open: Callable[[int], object]
    on_frame: Callable[[Frame, FrameInfo], object]
    on_message: Callable[[Any, FrameInfo], object]
    on_error: Callable[[str, str], object]
    on_close: Callable[[int, bool, int, str], object]


class SessionOptions(CallbackOptions, total=False):
    """The options of `create_session`, each of which may be left out."""

    url: str | None
    credentials: Credentials | None
    path: Path | str | None
    heartbeats: bool
    failover: bool | Failover
    limits: Limits | None
    redaction: Redaction | None
    reconnect: bool
    resync: bool
    connections: int | None
    name: str


@contextlib.asynccontextmanager
async def open_session(
    endpoint: str | Feed,
    channels: Wanted | Sequence[Wanted],
    products: str | Sequence[str] = (),
    **options: Unpack[SessionOptions],
) -> AsyncIterator[RecordingSession]:
    """
    Keep a connection to a venue open while the block lasts, and call functions for what happens on it.

    The block begins when the first connection is open. A lost one is opened again, with what is subscribed by then.

    Args:
        endpoint: See `create_session`, as for all others.
        channels: As on the command line (`ticker:ETH-BTC`), with products, `("ticker", ["ETH-BTC"])`, or subscriptions.
        products: Products for the channels that name none; empty means the feed's default.
        **options: See `create_session`.

    Raises:
        UsageError: If there is no such endpoint or channel, or it needs credentials that were not given.
        ConnectError: If the first connection fails.
        VenueError: If the venue refuses for good; at the end of the block if it does so while it lasts.
        RecordingError: If the recording cannot be created or, at the end of the block, cannot be finished.

    """
    session = create_session(endpoint, channels, products, **options)
    async with _running(session):
        yield session


def create_session(  # noqa: PLR0913  independent options, all but two with a default
    endpoint: str | Feed,
    channels: Wanted | Sequence[Wanted],
    products: str | Sequence[str] = (),
    *,
    url: str | None = None,
    credentials: Credentials | None = None,
    path: Path | str | None = None,
    heartbeats: bool = True,
    failover: bool | Failover = False,
    limits: Limits | None = None,
    redaction: Redaction | None = None,
    reconnect: bool = True,
    resync: bool = True,
    connections: int | None = None,
    name: str = "",
    **callbacks: Unpack[CallbackOptions],
) -> RecordingSession:
    """
    Return a session that connects when it is run: `await session.run()`, or `session.start()` in a running loop.

    Args:
        endpoint: Name of an endpoint in the catalogue, or a feed.
        channels: As on the command line (`ticker:ETH-BTC`), with products, `("ticker", ["ETH-BTC"])`, or subscriptions.
        products: Products for the channels that name none; empty means the feed's default.
        url: An address to use instead of the endpoint's own.
        credentials: What to sign with; None for none.
        path: A new file to record everything to; None to record nothing.
        heartbeats: Whether to add the channel that keeps the connection alive.
        failover: What takes over when the endpoint is down; True for the endpoint that the venue recommends.
        limits: When to stop by itself.
        redaction: What is secret besides what the names of keys say; received frames are recorded as they are.
        reconnect: Whether to open a lost connection again; otherwise the session ends with the first that is lost.
        resync: Whether to subscribe books again after missed frames, so that the venue sends their snapshots.
        connections: How many share what is subscribed; None for as few as the venue's limits allow.
        name: What stands before its log lines, to tell sessions of one program apart.
        **callbacks: `on_open`, `on_frame`, `on_message`, `on_error`, `on_close`: see `Callbacks`.

    Raises:
        UsageError: If there is no such endpoint or channel, or it needs credentials that were not given.
        RecordingError: If the recording cannot be created.

    """
    feed = find_feed(endpoint) if isinstance(endpoint, str) else endpoint
    wanted = _wanted(feed, channels, products, has_credentials=credentials is not None, heartbeats=heartbeats)
    stand_in = failover_of(feed, has_url=url is not None) if failover is True else failover or None
    run = RunOptions(reconnect=reconnect, resync=resync, connections=connections, name=name)
    source = Source(feed, url or feed.url, wanted, credentials, stand_in, redaction or Redaction())
    return _session_into(path, source, {"limits": limits, "callbacks": Callbacks(**callbacks), "options": run})


def _wanted(
    feed: Feed,
    channels: Wanted | Sequence[Wanted],
    products: str | Sequence[str],
    *,
    has_credentials: bool,
    heartbeats: bool,
) -> list[Subscription]:
    """Return the subscriptions, unless they need credentials that were not given."""
    subscriptions = resolve_channels(feed, channels, products)
    names = {one.channel for one in subscriptions}
    if heartbeats and feed.heartbeat_channel is not None and feed.heartbeat_channel not in names:
        subscriptions.append(Subscription(feed.heartbeat_channel))
    missing = None if has_credentials else missing_credentials(feed, subscriptions)
    if missing is not None:
        raise UsageError(missing)
    return subscriptions


def _session_into(path: Path | str | None, source: Source, options: dict[str, Any]) -> RecordingSession:
    """Create a session, with a recording if one is wanted."""
    writer = None if path is None else recording_of(source, path, source.file_mode())
    try:
        return source.session(writer, **options)
    except BaseException:
        if writer is not None:
            writer.discard()
        raise


def recording_of(source: Source, path: Path | str, mode: FileMode) -> RotatingWriter:
    """Begin a recording in a new file."""
    begin = functools.partial(begin_file, mode=mode, make_rule=rule_of(source.feed))
    return RotatingWriter(place_of(path), source.header(), begin, rules=DiskRules())


def failover_of(feed: Feed, url: str | None = None, *, has_url: bool = False) -> Failover:
    """
    Return the failover of an endpoint.

    Args:
        feed: The endpoint.
        url: Its address; None for the endpoint that the venue recommends.
        has_url: Whether the endpoint itself is recorded from another address than its own.

    Raises:
        UsageError: If there is none.

    """
    if url is not None:
        return Failover(feed if feed.failover is None else find_feed(feed.failover), url)
    if feed.failover is None:
        raise UsageError(f"no endpoint is known to take over for {feed.name}: give the address of one")
    if has_url:
        raise UsageError(
            f"{feed.name} is recorded from another address, but the live {feed.failover} would take over: "
            "give the address of the failover too"
        )
    stand_in = find_feed(feed.failover)
    return Failover(stand_in, stand_in.url)


@contextlib.asynccontextmanager
async def _running(session: RecordingSession) -> AsyncIterator[None]:
    task = asyncio.ensure_future(session.run())
    try:
        await session.wait_open()
        if task.done():
            await task
        yield
    except BaseException:
        session.stop()
        with contextlib.suppress(FeedrecError, asyncio.CancelledError):
            await task
        raise
    session.stop()
    await task
