"""Which products a venue has, as far as a recording and their names tell."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated

from msgspec import Meta

from ..venue import Catalogue

__all__ = ["UnknownProducts", "VenueProducts"]

UnknownProducts = Annotated[str, Meta(description="products that the venue does not have, with commas between them")]

_PAIR = re.compile(r"[A-Z0-9]{1,12}-(USD|USDC|USDT|EUR|GBP|BTC|ETH|DAI)")
"""A pair of currencies, quoted in one of those that products are quoted in."""

_CONTRACT = re.compile(r"[A-Z0-9]{1,12}-(PERP-INTX|\d\d[A-Z]{3}\d\d-CDE)")
"""A perpetual or a dated future, as Advanced Trade names them."""


class VenueProducts:
    """
    The products of a venue that names them by pairs of currencies, as Coinbase does.

    A recording holds a few of them, and mostly no list of all. So a product counts as one of the venue if it is
    recorded in any channel, or is named as the venue names its products: a client that asks for it is not told that it
    is invalid, for the venue would not say so.

    Args:
        catalogue: What the recordings hold.
        unknown: Products that the venue does not have whatever they are called, with commas between them.

    """

    def __init__(self, catalogue: Catalogue, unknown: str = "") -> None:
        self._catalogue = catalogue  # which may grow
        self._unknown = {product.strip() for product in unknown.split(",")}

    def __contains__(self, product: str) -> bool:
        if product in self._unknown:
            return False
        return bool(_PAIR.fullmatch(product) or _CONTRACT.fullmatch(product)) or self._is_recorded(product)

    def _is_recorded(self, product: str) -> bool:
        return any(product in products for products in self._catalogue.values())

    def parted(self, products: Collection[str]) -> tuple[list[str], list[str]]:
        """Return those of some products that the venue has, and those that it does not have."""
        return [one for one in products if one in self], [one for one in products if one not in self]
