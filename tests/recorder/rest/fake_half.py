"""The REST half of no venue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from feedrec.feeds import Subscription

from ..venue import PlainFeed


class FakeHalf:
    """Asks for the same, whatever is subscribed, a thousand times a second."""

    hosts: Collection[str] = ("api.example.com",)
    per_second = 1000.0

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked_for: list[Sequence[Subscription]] = []

    def first_requests(self, subscriptions: Sequence[Subscription]) -> Sequence[str]:
        """Take note of what is subscribed."""
        self.asked_for.append(list(subscriptions))
        return self.addresses

    def refusal(self, *_: Any) -> None:
        """Refuse nothing."""

    answer = refusal

    def not_found(self, *_: Any) -> Any:
        """Say nothing."""


class FeedWithRest(PlainFeed):
    """The plain feed, with a REST half."""

    def __init__(self, rest: FakeHalf) -> None:
        super().__init__()
        self.rest = rest
