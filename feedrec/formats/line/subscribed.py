"""What a recording asked for, and what of that the venue accepted, as its header and its events tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import msgspec

__all__ = ["Subscribed", "SubscribedFacts", "SubscribedState"]

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


class AskedFor(msgspec.Struct, frozen=True, array_like=True):
    """
    One product of a subscription, as it is written down.

    Attributes:
        channel: The channel.
        product: The product; empty if the subscription names none.
        params: Its parameters.
        accepted: Whether it was accepted when the venue last said so; None if nothing tells.
        was_missing: Whether it ever was not.

    """

    channel: str
    product: str
    params: Any
    accepted: bool | None
    was_missing: bool


class SubscribedState(msgspec.Struct):
    """
    The facts as they are written down.

    Attributes:
        told: Whether there is a `subscribed` event.
        asked: What was asked for, in order of appearance.

    """

    told: bool = False
    asked: list[AskedFor] = []


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

    @classmethod
    def of(cls, state: SubscribedState) -> Self:
        """Return what was written down."""
        new = cls()
        new._is_told = state.told
        for one in state.asked:
            key = one.channel, _params_text(one.params), one.product
            new._asked[key] = one.accepted
            if one.was_missing:
                new._once_missing.add(key)
        return new

    def written(self) -> SubscribedState:
        """Return the facts as they are written down."""
        asked = [
            AskedFor(key[0], key[2], msgspec.json.decode(key[1]), accepted, key in self._once_missing)
            for key, accepted in self._asked.items()
        ]
        return SubscribedState(self._is_told, asked)

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
    params = _params_text(subscription.get("params") or {})
    products = [one for one in _list(subscription, "products") if isinstance(one, str)]
    return [(subscription["channel"], params, product) for product in products or [""]]


def _params_text(params: Any) -> bytes:
    return msgspec.json.encode(params, order="sorted")


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
