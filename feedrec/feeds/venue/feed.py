"""A feed that has a server half: what it provides besides a client half."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from ..auth import Auth
from ..base import Feed
from .keys import Catalogue, Key
from .server import FeedServer
from .state import FeedState

__all__ = ["Sample", "Setting", "VenueFeed"]


class Setting(msgspec.Struct, frozen=True):
    """
    Something of a venue that the person who runs a replay can set.

    Attributes:
        name: Its name.
        default: What it is otherwise, as it is written.
        meaning: What it means, for people.

    """

    name: str
    default: str
    meaning: str


class Sample(msgspec.Struct, frozen=True):
    """
    How recordings begin, from which it is seen what frames look like that are made for a client.

    Attributes:
        payloads: Their first received frames, a hundred of each.
        requested: What their recorders asked for and the venue did not refuse: products by channel.
        is_sparse: Whether frames of a connection were left out on purpose, so that holes in its numbers are no gaps.

    """

    payloads: Sequence[bytes] = ()
    requested: Catalogue = {}
    is_sparse: bool = False


class VenueFeed(Feed, Protocol):
    """
    A feed with a server half.

    Attributes:
        settings: What `server` takes as settings, for people; besides these there are those of every venue.
        close_reasons: The reasons that the venue gives with close codes.
        last_tells: Channels without products of which the last frame tells all that the state knows of them.

    """

    settings: Sequence[Setting] = ()
    close_reasons: Mapping[int, str] = {}
    last_tells: Collection[str] = ()

    def server(self, catalogue: Catalogue, settings: Mapping[str, str], auth: Auth) -> FeedServer:
        """
        Make the server half for a new connection.

        Args:
            catalogue: What the recordings hold.
            settings: What is not known about the venue, by name.
            auth: What a client must prove where the venue demands credentials.

        Raises:
            UsageError: If a setting is unknown or invalid.

        """

    def as_recorded(self, sample: Sample) -> VenueFeed:  # noqa: ARG002
        """Return the feed whose server halves make frames as those of the recordings are; this one if that is it."""
        return self

    def own_time(self, payload: bytes) -> int | None:  # noqa: ARG002
        """Return the time that a frame names as that of its sending, by the venue's clock; None if it names none."""
        return None

    def state(self, wanted: Collection[Key] | None) -> FeedState | None:
        """
        Return an empty state that will keep what is wanted, everything if that is None.

        A replay may rebuild it in another process: it depends on the frames alone.

        Returns:
            None if no subscription to any of it begins with a snapshot.

        """
