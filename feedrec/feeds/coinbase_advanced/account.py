"""
What the private channels tell of an account: its orders and positions, its balances of futures.

Open orders come in batches of 50; the first snapshot with fewer, which may have none, is the last of them
("Advanced Trade WebSocket Channels" of docs.cdp.coinbase.com). Positions are those of the whole account.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import msgspec

from ...model import FrameInfo
from ..steps import NOT_UNDERSTOOD
from .channels import FUTURES_BALANCE, USER
from .frames import snapshot_head, text_items

__all__ = ["BATCH", "AccountState", "OrderFilter", "is_full_batch"]

BATCH = 50
"""Orders in one snapshot, but for the last."""

_ENDED = ("FILLED", "CANCELLED", "EXPIRED", "FAILED")
"""Statuses of orders that are open no more; all others are (the same page)."""


class _Order(msgspec.Struct, gc=False):
    order_id: str = ""
    product_id: str = ""
    status: str = ""


class _Event(msgspec.Struct, gc=False):
    type: str = ""
    orders: list[msgspec.Raw] = []
    positions: msgspec.Raw = msgspec.Raw(b"")
    fcm_balance_summary: msgspec.Raw = msgspec.Raw(b"")


class _Frame(msgspec.Struct, gc=False):
    events: list[_Event]
    client_id: msgspec.Raw = msgspec.Raw(b"")


_decode_frame = msgspec.json.Decoder(_Frame).decode
_decode_order = msgspec.json.Decoder(_Order).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


class AccountState:
    """
    An account as recorded frames have left it, and the snapshots that the venue would send of it.

    Of `user` there is a state once a snapshot was seen: without one it is not known what is open. Of
    `futures_balance_summary` the last frame tells all. A frame that is not understood changes nothing.
    """

    def __init__(self) -> None:
        self._orders: dict[str, bytes] | None = None
        self._positions = b""
        self._balance = b""
        self._client_ids: dict[str, bytes] = {}
        self._more_after: int | None = None  # number of a snapshot that is not the last of its kind

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        """Take in one recorded frame of a private channel."""
        try:
            payload.decode()  # what is cut out verbatim is not checked otherwise
            frame = _decode_frame(payload)
            events = [(event, [(_decode_order(raw), raw) for raw in event.orders]) for event in frame.events]
        except NOT_UNDERSTOOD:
            return
        for event, orders in events:
            if info.channel == FUTURES_BALANCE:
                self._balance = bytes(event.fcm_balance_summary) or self._balance
            elif event.type == "snapshot":
                self._begin_or_go_on(info.sequence or 0, is_full=len(orders) == BATCH)
            if info.channel == USER and self._orders is not None:
                _update(self._orders, orders)
                self._positions = bytes(event.positions) or self._positions
        self._client_ids[info.channel] = bytes(frame.client_id)

    def keys(self) -> list[tuple[str, str]]:
        """Give the (channel, product) for which a snapshot can be given; the product is always empty."""
        return [(channel, "") for channel in (USER, FUTURES_BALANCE) if self.has(channel)]

    def has(self, channel: str) -> bool:
        """Tell whether a snapshot can be given."""
        return self._orders is not None if channel == USER else bool(self._balance)

    def render(self, channel: str, time: int) -> Iterator[bytes]:
        """
        Write the frame of a snapshot in parts, of user with all orders in one; there must be one to give.

        What it tells is taken now, not when the first part is asked for.
        """
        head = snapshot_head(channel, self._client_ids[channel], time)
        if channel == FUTURES_BALANCE:
            return iter((head, b'"fcm_balance_summary":', self._balance, b"}]}"))
        positions = b',"positions":' + self._positions if self._positions else b""
        return text_items(head + b'"orders":[', list((self._orders or {}).values()), b"]" + positions + b"}]}")

    def copy(self) -> AccountState:
        """Give one that goes its own way from here; the texts are shared."""
        copy = AccountState()
        copy._orders = None if self._orders is None else self._orders.copy()
        copy._positions = self._positions
        copy._balance = self._balance
        copy._client_ids = self._client_ids.copy()
        copy._more_after = self._more_after
        return copy

    def clear(self) -> None:
        """Forget everything."""
        self._orders = None
        self._balance = b""
        self._more_after = None

    def _begin_or_go_on(self, number: int, *, is_full: bool) -> None:
        """Begin anew with a snapshot, unless it follows a full one; on a new connection, numbers begin at 0 again."""
        if self._orders is None or self._more_after is None or number <= self._more_after:
            self._orders = {}
            self._positions = b""
        self._more_after = number if is_full else None


class _UserFrame(NamedTuple):
    """A frame of user in parts, all of them verbatim."""

    fields: dict[str, msgspec.Raw]
    event: dict[str, msgspec.Raw]
    kind: str
    orders: list[msgspec.Raw]


class OrderFilter:
    """
    The user channel as one client gets it.

    Args:
        products: Those that the client named, of whose orders it gets frames; none means all.

    """

    def __init__(self, products: Collection[str] = ()) -> None:
        self.products = frozenset(products)
        self._held: _UserFrame | None = None  # batches, which must not seem to be the last when orders are left out

    def pass_on(self, payload: bytes) -> list[bytes]:
        """Give what a client gets for a recorded frame: the same bytes if it concerns nothing else."""
        frame = _parse(payload) if self.products else None
        if frame is None:
            return [payload]
        kept = self._kept(frame.orders)
        held, self._held = self._held, None
        if frame.kind == "snapshot":
            if held is None and len(kept) == len(frame.orders):
                return [payload]
            orders = [*(held.orders if held else ()), *kept]
            if len(frame.orders) < BATCH:
                return _batches(frame, orders)
            self._held = frame._replace(orders=orders)
            return []
        before = _batches(held, held.orders) if held else []
        if len(kept) == len(frame.orders):
            return [*before, payload]
        return [*before, _written(frame, kept)] if kept or "positions" in frame.event else before

    def snapshots(self, payload: bytes) -> list[bytes]:
        """Give the snapshots that a client gets for one that has all orders."""
        self._held = None
        frame = _parse(payload)
        return [payload] if frame is None else _batches(frame, self._kept(frame.orders))

    def _kept(self, orders: list[msgspec.Raw]) -> list[msgspec.Raw]:
        products = self.products
        return [raw for raw in orders if not products or _decode_order(raw).product_id in products]


def is_full_batch(payload: bytes) -> bool:
    """Tell whether a frame of user is a snapshot after which another one comes."""
    frame = _parse(payload)
    return frame is not None and frame.kind == "snapshot" and len(frame.orders) == BATCH


def _parse(payload: bytes) -> _UserFrame | None:
    """Take a frame apart that has one event, as all have, with orders in it; None if it is no such frame."""
    try:
        fields = _decode_fields(payload)
        (inner,) = _decode_list(fields["events"])
        event = _decode_fields(inner)
        orders = _decode_list(event["orders"])
        for raw in orders:
            _decode_order(raw)
        return _UserFrame(fields, event, msgspec.json.decode(event["type"], type=str), orders)
    except (*NOT_UNDERSTOOD, KeyError, ValueError):
        return None


def _batches(frame: _UserFrame, orders: list[msgspec.Raw]) -> list[bytes]:
    """Write orders in as many snapshots as the venue needs for them."""
    return [_written(frame, orders[start : start + BATCH]) for start in range(0, len(orders) + 1, BATCH)]


def _written(frame: _UserFrame, orders: list[msgspec.Raw]) -> bytes:
    return _encode({**frame.fields, "events": [{**frame.event, "orders": orders}]})


def _update(open_orders: dict[str, bytes], changes: Iterable[tuple[_Order, msgspec.Raw]]) -> None:
    for order, raw in changes:
        if order.status in _ENDED:
            open_orders.pop(order.order_id, None)
        elif order.order_id:
            open_orders[order.order_id] = bytes(raw)
