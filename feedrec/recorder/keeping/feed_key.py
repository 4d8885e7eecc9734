"""Which recordings are of the same feed: of one endpoint, and of what was asked for there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from ...model import Header

__all__ = ["FeedKey", "key_of"]


class FeedKey(NamedTuple):
    """
    What the recordings of a feed have in common, in whatever order it was asked for.

    Attributes:
        endpoint: The endpoint.
        asked: The channels, each with its products and further parameters; patterns stand for what they select.

    """

    endpoint: str
    asked: frozenset[bytes]


def key_of(header: Header) -> FeedKey:
    """Return the key of a recording."""
    by_pattern = {one.get("channel"): one for one in _subscriptions(header.extra.get("patterns"))}
    asked = [by_pattern.get(one.get("channel"), one) for one in header.subscriptions]
    return FeedKey(header.endpoint, frozenset(map(_canonical, asked)))


def _subscriptions(found: Any) -> list[Mapping[str, Any]]:
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _canonical(subscription: Mapping[str, Any]) -> bytes:
    products = subscription.get("products", [])
    products = sorted(set(map(str, products))) if isinstance(products, list) else products
    return msgspec.json.encode({**subscription, "products": products}, order="sorted")
