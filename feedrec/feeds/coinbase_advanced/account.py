"""
What the private channels say of an account: its orders and positions, its balances of futures.

Open orders come in batches of 50; the first snapshot with fewer, which may have none, is the last of them
("Advanced Trade WebSocket Channels" of docs.cdp.coinbase.com). Positions are those of the whole account.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable
from typing import NamedTuple, Self

import msgspec

from ...model import FrameInfo
from ..decoding import NOT_UNDERSTOOD
from ..state.keyed_state import Value
from ..venue import Key
from .channels import FUTURES_BALANCE, USER
from .frames import snapshot_head

__all__ = ["BATCH", "OrderFilter", "change_account", "is_full_batch"]

BATCH = 50
"""Orders in one snapshot, but for the last."""

_ENDED = ("FILLED", "CANCELLED", "EXPIRED", "FAILED")
"""Statuses of orders that are no longer open; all others are (the same page)."""


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


class _OpenOrders:
    """Own orders that are open, and positions."""

    __slots__ = ("client_id", "more_after", "orders", "positions")

    def __init__(self) -> None:
        self.orders: dict[str, bytes] = {}
        self.positions = b""
        self.client_id = b""
        self.more_after: int | None = None  # number of a snapshot that is not the last of its batches

    def copy(self) -> Self:
        other = copy.copy(self)
        other.orders = self.orders.copy()
        return other

    def begin_or_go_on(self, number: int, *, is_full: bool) -> None:
        """Begin anew with a snapshot, unless it follows a full one; on a new connection, numbers begin at 0 again."""
        if self.more_after is None or number <= self.more_after:
            self.orders = {}
            self.positions = b""
        self.more_after = number if is_full else None

    def change(self, orders: Iterable[tuple[_Order, msgspec.Raw]], positions: bytes) -> None:
        self.positions = positions or self.positions
        for order, raw in orders:
            if order.status in _ENDED:
                self.orders.pop(order.order_id, None)
            elif order.order_id:
                self.orders[order.order_id] = bytes(raw)

    def snapshot(self, time: int) -> bytes:
        """Return the frame of a snapshot with all orders in one."""
        head = snapshot_head(USER, self.client_id, time)
        positions = b',"positions":' + self.positions if self.positions else b""
        return b'%b"orders":[%b]%b}]}' % (head, b",".join(self.orders.values()), positions)


class _Balance(NamedTuple):
    """Balances of futures: the last summary."""

    summary: bytes
    client_id: bytes

    def copy(self) -> Self:
        return self

    def snapshot(self, time: int) -> bytes:
        return b'%b"fcm_balance_summary":%b}]}' % (snapshot_head(FUTURES_BALANCE, self.client_id, time), self.summary)


def change_account(values: dict[Key, Value], info: FrameInfo, payload: bytes) -> None:
    """
    Take in a recorded frame of a private channel; one that is not understood changes nothing.

    Of `user` there is a value once a snapshot was seen: without one it is not known what is open. Of
    `futures_balance_summary` the last frame says everything.

    Args:
        values: What is known so far, by channel and the product `""`.
        info: What `Feed.describe` returned for it.
        payload: The frame.

    """
    try:
        payload.decode()  # what is cut out verbatim is not checked otherwise
        frame = _decode_frame(payload)
        events = [(event, [(_decode_order(raw), raw) for raw in event.orders]) for event in frame.events]
    except NOT_UNDERSTOOD:
        return
    key = info.channel, ""
    for event, orders in events:
        known = values.get(key)
        if info.channel == FUTURES_BALANCE:
            summary = bytes(event.fcm_balance_summary) or (known.summary if isinstance(known, _Balance) else b"")
            if summary:
                values[key] = _Balance(summary, bytes(frame.client_id))
            continue
        if event.type == "snapshot":
            known = values.setdefault(key, _OpenOrders())
        if isinstance(known, _OpenOrders):
            if event.type == "snapshot":
                known.begin_or_go_on(info.sequence or 0, is_full=len(orders) == BATCH)
            known.change(orders, bytes(event.positions))
            known.client_id = bytes(frame.client_id)


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
        products: Those that the client named, whose orders it gets; none means all.

    """

    def __init__(self, products: Collection[str] = ()) -> None:
        self.products = frozenset(products)
        self._held: _UserFrame | None = None  # batches, which must not seem to be the last when orders are left out

    def pass_on(self, payload: bytes) -> list[bytes]:
        """Return what a client gets for a recorded frame: the same bytes if it concerns nothing else."""
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
        """Return the snapshots that a client gets for one that has all orders."""
        self._held = None
        frame = _parse(payload)
        return [payload] if frame is None else _batches(frame, self._kept(frame.orders))

    def _kept(self, orders: list[msgspec.Raw]) -> list[msgspec.Raw]:
        products = self.products
        return [raw for raw in orders if not products or _decode_order(raw).product_id in products]


def is_full_batch(payload: bytes) -> bool:
    """Return whether a frame of user is a snapshot after which another one comes."""
    frame = _parse(payload)
    return frame is not None and frame.kind == "snapshot" and len(frame.orders) == BATCH


def _parse(payload: bytes) -> _UserFrame | None:
    """Split a frame that has one event, as all do, with orders in it; return None for any other."""
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
