"""A venue that is served: what it has, and what answers its clients."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from ....feeds.auth import Auth
from ....feeds.server_half.closing import ClosingServer, read_closing
from ....feeds.venue import Catalogue, FeedServer, Handshake, Refusal, VenueFeed
from .settings import parted_settings
from .visitors import RealVisitors

__all__ = ["ServedVenue"]


class ServedVenue:
    """
    Answers clients as a venue would.

    Args:
        feed: The venue's feed.
        catalogue: What there is of it.
        settings: Undocumented details of the venue.
        auth: How credentials are checked; None to accept any.

    Attributes:
        feed: The feed, as what is recorded shows it.
        catalogue: See above.
        auth: See above.

    Raises:
        UsageError: If a setting is unknown, or of another kind.

    """

    def __init__(
        self, feed: VenueFeed, catalogue: Catalogue, settings: Mapping[str, str], auth: Auth | None = None
    ) -> None:
        self.feed = feed
        self.catalogue = catalogue
        self.auth = auth or Auth(now=time.time_ns)
        common, self._settings = parted_settings(settings)
        feed.server({}, self._settings, self.auth)  # what is wrong is refused now, not when the first client comes
        self._closing = read_closing(common, feed.name, getattr(feed, "close_reasons", {}))
        self._visitors = RealVisitors(time.monotonic_ns)

    def server(self, in_front: Callable[[FeedServer], FeedServer] | None = None) -> FeedServer:
        """Make the server half for a client; `in_front` puts another one in front of the venue's own."""
        server = self.feed.server(self.catalogue, self._settings, self.auth)
        server = server if in_front is None else in_front(server)
        return server if self._closing is None else ClosingServer(server, self._closing)

    def handshake(self, target: str, headers: Iterable[tuple[str, str]], address: str) -> Handshake:
        """Return what a client asks for when it connects, for `server` and `refusal`."""
        return Handshake(target, {name.lower(): value for name, value in headers}, address, self._visitors)

    def refusal(self, handshake: Handshake) -> Refusal | None:
        """Return how the venue refuses a handshake; None if it does not."""
        return self.server().on_handshake(handshake)
