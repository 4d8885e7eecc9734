"""What a feed from another package builds on: it overrides what its venue does otherwise. One file is enough."""

from __future__ import annotations

from collections.abc import Collection

from .base import Feed, FeedClient, NoSequence
from .venue import FeedServer, FeedState, Key

__all__ = ["ClientDefaults", "FeedDefaults", "NoSequence", "ServerDefaults"]


class FeedDefaults(Feed):
    """Everything that `Feed` demands but a name, a summary, an address and a client half."""

    def state(self, wanted: Collection[Key] | None) -> FeedState | None:  # noqa: ARG002
        """Have nothing begin with a snapshot; see `VenueFeed`, which a feed is if it has a `server` too."""
        return None


class ClientDefaults(FeedClient):
    """A client half that asks for nothing and notices nothing; `client_half` has more."""

    silence_limit: float | None = None


class ServerDefaults(FeedServer):
    """A server half that gives every frame to everybody and answers nothing; `server_half` has more."""

    has_subscribed: bool = True
