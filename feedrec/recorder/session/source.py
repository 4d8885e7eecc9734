"""What a run records, and what of it nobody else may see."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from ... import __version__
from ...feeds import Feed, Subscription
from ...feeds.connections.sharding import Shard, shares_of
from ...feeds.credentials import Credentials
from ...feeds.products import patterns_in
from ...feeds.redaction import Redaction
from ...formats.file.modes import PRIVATE, USUAL, FileMode
from ...model import Header
from ..output.writer_protocol import GrowingRecording
from ..rest import RestPlan
from .failover import Failover
from .session import RecordingSession

__all__ = ["Source"]


class Source(NamedTuple):
    """
    What to record.

    Attributes:
        feed: The protocol of the endpoint.
        url: Its address.
        subscriptions: What to subscribe to.
        credentials: What to sign with; None for nothing.
        failover: What takes over when the endpoint is down; None for nothing.
        redaction: What must not be recorded or shown.
        patterns: What was asked for with patterns, of which `subscriptions` has the products.
        rest: What is asked by HTTP beside the feed; None for nothing.
        shard: Which of several machines this is, which share it out among themselves; None if there is one.

    """

    feed: Feed
    url: str
    subscriptions: Sequence[Subscription]
    credentials: Credentials | None
    failover: Failover | None
    redaction: Redaction
    patterns: Sequence[Subscription] = ()
    rest: RestPlan | None = None
    shard: Shard | None = None

    def shares(self, name: str = "") -> list[Source | None]:
        """
        Return what each machine records of this, the first one's first; None where that is nothing.

        Args:
            name: What it is called: of a feed that subscribes to nothing, this says where it belongs, else its address.

        """
        if self.shard is None:
            return [self]
        shares = shares_of(self.feed, self.subscriptions, self.shard, name or self.redaction.address(self.url))
        return [None if share is None else self._replace(subscriptions=share) for share in shares]

    def here(self, name: str = "") -> Source | None:
        """
        Return what this machine records of this; None if that is nothing.

        Nobody knows as long as there are patterns: then it is all of it. Once they are resolved, it is asked again.

        Args:
            name: As for `shares`.

        """
        if self.shard is None or patterns_in(self.subscriptions):
            return self
        return self.shares(name)[self.shard.number - 1]

    def header(self) -> Header:
        """Make the header of a recording that starts now."""
        wanted, patterns = (
            [self.redaction.details(one.as_dict()) for one in subscriptions]
            for subscriptions in (self.subscriptions, self.patterns)
        )
        url = self.redaction.address(self.url)
        extra: dict[str, Any] = {"patterns": patterns} if patterns else {}
        if self.shard is not None:
            extra["shard"] = str(self.shard)
        return Header(self.feed.name, url, time.time_ns(), f"feedrec {__version__}", wanted, extra)

    def session(self, writer: GrowingRecording | None, **options: Any) -> RecordingSession:
        """Make the run, with further options of `RecordingSession`."""
        feed, url, subscriptions, credentials, failover, redaction, _, rest, _ = self
        return RecordingSession(
            feed,
            url,
            subscriptions,
            writer,
            credentials=credentials,
            failover=failover,
            redaction=redaction,
            rest=rest,
            **options,
        )

    def file_mode(self) -> FileMode:
        """Return who may read the recording unless a person says it: only the owner, if anything of it is secret."""
        return PRIVATE if self._has_credentials() or self._has_secrets() else USUAL

    @property
    def needs_credentials(self) -> bool:
        """Whether the venue gives any of it only to those who have credentials."""
        names = {one.channel for one in self.subscriptions}
        return self.feed.needs_credentials or any(
            one.needs_credentials for name, one in self.feed.channels.items() if name in names
        )

    def _has_credentials(self) -> bool:
        return self.credentials is not None or self.needs_credentials or bool(self.feed.headers(self.credentials))

    def _has_secrets(self) -> bool:
        """Return whether anything is redacted in what is sent and in the addresses, or may be."""
        redaction, addresses = self.redaction, [self.url, *([self.failover.url] if self.failover else [])]
        addresses += [] if self.rest is None or not self.rest.base else [self.rest.base]
        if redaction.is_asked_for or any(redaction.address(url) != url for url in addresses):
            return True
        clients = [self.feed.client(group, self.credentials) for group in self.feed.spread(self.subscriptions) or [[]]]
        messages = [message for client in clients for message in client.on_open(time.time_ns())]
        return any(one.redacted is not None or redaction.message(one.payload) != one.payload for one in messages)
