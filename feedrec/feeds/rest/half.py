"""
What the REST half of a feed provides: the requests that clients of the venue send beside its WebSocket.

It is pure, like all of a feed. The recorder asks it what to fetch. The replay has it answer requests of which no answer
was recorded, from what the recording tells of the market.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from ...http_messages import HttpAnswer, HttpRequest
from ...model import Frame
from ..auth import Auth
from ..base import Feed, Subscription
from ..venue import Catalogue, Key

__all__ = ["GUESSED", "Market", "Refused", "RestHalf", "rest_half_of"]

GUESSED = "feedrec-guessed"
"""
The header of an answer some of which the recording does not tell, and that was made up from what it does; its value
says, in a few words, what was. There is no such answer under `--strict`.
"""


class Refused(HttpAnswer, frozen=True):
    """
    How the venue refuses a request.

    Attributes:
        reason: Why, for the person who runs the replay, in words that follow "refused: "; see `Auth`.

    """

    reason: str = ""


class Market(Protocol):
    """
    What the recordings tell of the market at the moment of a request. Its methods may take long: they read.

    Attributes:
        time: The venue's time at that moment, in nanoseconds.
        catalogue: What the recordings hold, at any time: products by channel.

    """

    time: int
    catalogue: Catalogue

    def snapshot(self, channel: str, product: str) -> bytes | None:
        """
        Return the message that a client that subscribed now would get first, as `FeedState.snapshot` makes it.

        Before the first frame of that channel and product has been played, it is as of that frame. None if the
        recordings have none.
        """

    def snapshots(self, keys: Collection[Key]) -> Mapping[Key, bytes | None]:
        """Return what `snapshot` does for several channels and products, all as of the same moment, read together."""
        return {key: self.snapshot(*key) for key in keys}

    def frames(self, channel: str, product: str, since: int) -> Iterator[Frame]:
        """Yield the received frames from a recorded time on that have been played by now, in order; see `Frame`."""


class RestHalf(Protocol):
    """
    The REST half of a feed; see `rest_half_of`.

    Attributes:
        hosts: Names of the hosts at which the venue's clients send these requests.
        per_second: How many requests a second the venue allows without credentials, with the source of that beside it.

    """

    hosts: Collection[str]
    per_second: float

    def first_requests(self, subscriptions: Sequence[Subscription]) -> Sequence[str]:
        """Return the public addresses that clients of these subscriptions ask first, each a whole URL."""

    def refusal(self, request: HttpRequest, auth: Auth) -> HttpAnswer | None:
        """
        Return how the venue refuses a request for its credentials, or for the lack of any; None if it does not.

        A `Refused` says why, too.
        """

    def answer(self, request: HttpRequest, market: Market) -> HttpAnswer | None:
        """
        Answer a request from what is known of the market.

        It runs beside the event loop, perhaps in another process. Returns None where there is no such path, and where
        the recordings do not tell what it asks for.
        """

    def not_found(self, request: HttpRequest) -> HttpAnswer:
        """Return what the venue answers, with status 404, where there is nothing."""


def rest_half_of(feed: Feed) -> RestHalf | None:
    """Return the REST half of a feed: its attribute `rest`, which a feed from another package need not have."""
    half: RestHalf | None = getattr(feed, "rest", None)
    return half
