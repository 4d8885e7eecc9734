"""What a recording asked for, and what of that the venue accepted, as its header and its events tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

__all__ = ["Subscribed", "SubscribedFacts"]

_Key = tuple[str, bytes, str]
"""Channel, parameters as JSON, product; the product is empty if the subscription names none."""


class SubscribedFacts(msgspec.Struct, frozen=True):
    """
    What was asked for and what came of it; subscriptions as in a header, one for each channel and its parameters.

    Attributes:
        asked: Everything that was asked for at any time.
        accepted: What of it the venue accepted when it last said so; None if no event tells.
        missing: What of it the venue did not accept when it last said so.
        was_missing: What of `accepted` was missing before.

    """

    asked: list[dict[str, Any]] = []
    accepted: list[dict[str, Any]] | None = None
    missing: list[dict[str, Any]] = []
    was_missing: list[dict[str, Any]] = []

    @property
    def is_complete(self) -> bool:
        """Whether everything that was asked for was accepted, always; True too if no event tells."""
        is_known = self.accepted is not None
        return not (self.missing or self.was_missing or (is_known and self.unanswered))

    @property
    def unanswered(self) -> list[dict[str, Any]]:
        """What was asked for, and neither accepted nor refused."""
        answered = {key for one in (*(self.accepted or ()), *self.missing) for key in _keys_of(one)}
        return _joined(key for one in self.asked for key in _keys_of(one) if key not in answered)


class Subscribed:
    """
    Gathers the facts, from the header and the events of a recording in their order.

    Args:
        asked: The subscriptions of the header.

    """

    def __init__(self, asked: Sequence[dict[str, Any]] = ()) -> None:
        self._asked: dict[_Key, bool | None] = {}  # whether it was accepted; None if nothing tells
        self._once_missing: set[_Key] = set()
        self._is_told = False
        self.ask(asked)

    def ask(self, subscriptions: Iterable[Any]) -> None:
        """Take in what is asked for."""
        for one in subscriptions:
            for key in _keys_of(one):
                self._asked.setdefault(key, None)

    def add(self, name: str, details: dict[str, Any]) -> None:
        """Take in an event; only `subscribed` and `missing` say anything."""
        if name == "subscribed":
            self._is_told = True
            self.ask(_list(details, "asked"))
            self._take(_list(details, "accepted"), accepted=True)
            self._take(_list(details, "missing"), accepted=False)
        elif name == "missing":
            self._take(_list(details, "subscriptions"), accepted=False)

    def join(self, later: Subscribed) -> None:
        """Take in what a later file, or a later recording, tells."""
        for key, accepted in later._asked.items():
            self._asked.setdefault(key, None)
            if accepted is not None:
                self._asked[key] = accepted
        self._once_missing |= later._once_missing
        self._is_told |= later._is_told

    def facts(self) -> SubscribedFacts:
        """Return what is known so far."""
        by_name = {key[:2] for key in self._asked if key[2]}
        asked = {key: state for key, state in self._asked.items() if key[2] or key[:2] not in by_name}
        accepted = _joined(key for key, state in asked.items() if state)
        return SubscribedFacts(
            _joined(asked),
            accepted if self._is_told else None,
            _joined(key for key, state in asked.items() if state is False),
            _joined(key for key, state in asked.items() if state and key in self._once_missing),
        )

    def _take(self, subscriptions: Iterable[Any], *, accepted: bool) -> None:
        for one in subscriptions:
            for key in _keys_of(one):
                self._asked[key] = accepted
                if not accepted:
                    self._once_missing.add(key)


def _keys_of(subscription: Any) -> list[_Key]:
    """Return the keys of a subscription as it stands in a recording; none if it is of another shape."""
    if not isinstance(subscription, dict) or not isinstance(subscription.get("channel"), str):
        return []
    params = msgspec.json.encode(subscription.get("params") or {}, order="sorted")
    products = [one for one in _list(subscription, "products") if isinstance(one, str)]
    return [(subscription["channel"], params, product) for product in products or [""]]


def _joined(keys: Iterable[_Key]) -> list[dict[str, Any]]:
    """Return keys as subscriptions, in order of appearance."""
    products: dict[tuple[str, bytes], list[str]] = {}
    for channel, params, product in keys:
        products.setdefault((channel, params), []).extend([product] if product else [])
    return [
        {"channel": channel}
        | ({"products": named} if named else {})
        | ({"params": msgspec.json.decode(params)} if params != b"{}" else {})
        for (channel, params), named in products.items()
    ]


def _list(fields: dict[str, Any], name: str) -> list[Any]:
    found = fields.get(name)
    return found if isinstance(found, list) else []
