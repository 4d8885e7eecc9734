"""The products of Advanced Trade, as the first frame of `status` lists them."""

from __future__ import annotations

import msgspec

from ..base import ProductList
from ..decoding import decoder_of
from ..products import ListedProduct, product_list

__all__ = ["listed_products"]


class _Event(msgspec.Struct, gc=False):
    type: str = ""
    products: list[ListedProduct] = []


class _Status(msgspec.Struct, gc=False):
    events: list[_Event] = []


_decode = decoder_of(_Status)


def listed_products(payload: bytes) -> ProductList | None:
    """Return the products that a snapshot lists; an update has those that changed ("Advanced Trade ... Channels")."""
    status = _decode(payload)
    snapshots = [] if status is None else [event for event in status.events if event.type == "snapshot"]
    return product_list(product for event in snapshots for product in event.products) if snapshots else None
