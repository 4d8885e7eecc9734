"""
What a client that subscribes in the middle of a recording gets first: the last value of what it subscribed.

That the venue sends it is not documented. Swaps and changes of liquidity are not values but happen once, so nothing is
sent of them: a client that counts them would count the last one twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...model import FrameInfo
from ..state.keyed_state import KeyedState, LastFrame
from ..state.need import Need, written
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
"""In these channels each product has a value for each `tp`."""


def state_keys(channel: str, product: str) -> list[Key]:
    """Return what is kept of a product: where it has several values, the product of a key ends in `:` and a `tp`."""
    if channel not in _STATEFUL:
        return []
    topics = _TOPICS.get(channel)
    return [(channel, product)] if topics is None else [(channel, f"{product}:{topic}") for topic in topics]


def state_key(info: FrameInfo) -> Key | None:
    """Return the key under which a push is kept; None if it is not kept, or does not name its product."""
    if info.channel not in _STATEFUL or len(info.products) != 1 or info.kind != "update":
        return None
    product = info.products[0]
    return info.channel, f"{product}:{info.topic}" if isinstance(info, PushInfo) else product


class LastValues(KeyedState):
    """The last push of each product, by the keys of `state_keys`; see `KeyedState`."""

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        """Take in a recorded frame."""
        key = state_key(info)
        # Sent as it is, so it must be text; these channels carry numbers, addresses and names of fields: it is ASCII.
        if key is not None and self.keeps(*key) and payload.isascii():
            self.values[key] = LastFrame(payload)

    def needs(self) -> Sequence[Need] | None:
        """Return which frames it depends on; see `KeyedState`. Addresses are written in any case."""
        if self.wanted is None:
            return None
        needs = []
        for channel, name in sorted(self.wanted):
            product = name.rpartition(":")[0] if channel in _TOPICS else name
            needs.append(Need((channel, name), (channel,), product, ((written(channel),),), "settled"))
        return needs
