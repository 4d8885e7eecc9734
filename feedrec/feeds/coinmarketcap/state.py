"""
What a client that subscribes in the middle of a recording is told first: the last value of what it subscribed.

That the venue gives it is not documented. Swaps and changes of liquidity are no values but happen once, so of them
nothing is given: a client that counts them would count the last one twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ...model import FrameInfo
from ..steps import apply_in_steps, clear_in_steps
from ..venue import Key
from .channels import PARAMS
from .frames import PushInfo

__all__ = ["LastValues", "state_key", "state_keys"]

_EVENTS = ("onchain@transaction", "onchain@liquidity_event")
_STATEFUL = frozenset(PARAMS) - frozenset(_EVENTS)

_TOPICS = {
    "onchain@holders_metrics": ("tag_distribution", "holder_count", "top_share", "tag_pnl", "tag_balance"),
    "onchain@holder_wallet_update": ("token_balance", "native_balance", "pnl_stats", "last_active", "position_time"),
}
"""Of these channels each product has a value for each `tp`."""


def state_keys(channel: str, product: str) -> list[Key]:
    """Give what is kept of a product: where it has several values, the product of a key ends in `:` and a `tp`."""
    if channel not in _STATEFUL:
        return []
    topics = _TOPICS.get(channel)
    return [(channel, product)] if topics is None else [(channel, f"{product}:{topic}") for topic in topics]


def state_key(info: FrameInfo) -> Key | None:
    """Give under what a push is kept; None if it is not, or does not tell its product."""
    if info.channel not in _STATEFUL or len(info.products) != 1 or info.kind != "update":
        return None
    product = info.products[0]
    return info.channel, f"{product}:{info.topic}" if isinstance(info, PushInfo) else product


class LastValues:
    """
    The last push of each product.

    It is not safe to be used from two threads at once; a copy is independent of its original.

    Args:
        wanted: The keys to keep (see `state_keys`); None keeps everything.

    """

    def __init__(self, wanted: Collection[Key] | None = None) -> None:
        self._wanted = None if wanted is None else frozenset(wanted)
        self._last: dict[Key, bytes] = {}

    def apply(self, info: FrameInfo, payload: bytes) -> Iterator[None]:
        """Take in one recorded frame, at once: there are no steps."""
        key = state_key(info)
        wanted = self._wanted
        # As is, so it must be text; these channels carry numbers, addresses and names of fields, so it is ASCII.
        if key is not None and (wanted is None or key in wanted) and payload.isascii():
            self._last[key] = payload
        return iter(())

    def apply_all(self, frames: Iterable[tuple[FrameInfo, bytes]]) -> Iterator[None]:
        """Take in many frames, with a pause at least after each 64 KiB."""
        return apply_in_steps(self.apply, frames)

    def keys(self) -> list[Key]:
        """Give the keys of which there is a value."""
        return list(self._last)

    def snapshot(self, channel: str, product: str, time: int) -> Iterator[bytes | None]:  # noqa: ARG002
        """Give the last push, as it was recorded; nothing if there was none."""
        payload = self._last.get((channel, product))
        return iter(() if payload is None else (payload,))

    def copy(self) -> LastValues:
        """Copy it in one step; the texts are shared."""
        copy = LastValues(self._wanted)
        copy._last = self._last.copy()
        return copy

    def clear(self) -> Iterator[None]:
        """Forget everything, in steps."""
        return clear_in_steps(self._last)
