"""The products of Coinbase Exchange, as a frame of `status` lists them."""

from __future__ import annotations

import msgspec

from ..base import ProductList
from ..decoding import decoder_of
from ..products import ListedProduct, product_list

__all__ = ["listed_products"]


class _Status(msgspec.Struct, gc=False):
    products: list[ListedProduct] | None = None


_decode = decoder_of(_Status)


def listed_products(payload: bytes) -> ProductList | None:
    """Return the products that a frame lists; each has all of them ("Exchange WebSocket Channels")."""
    status = _decode(payload)
    return None if status is None or status.products is None else product_list(status.products)
