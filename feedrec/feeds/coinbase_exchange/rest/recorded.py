"""What of the venue the recordings have."""

from __future__ import annotations

from ...rest import Market
from ..channels import BALANCE, SOURCES

__all__ = ["is_recorded", "recorded_products"]


def is_recorded(market: Market, channel: str, product: str) -> bool:
    """Tell whether there may be frames of a product that are described as of this channel."""
    sources = SOURCES.get(channel, (channel,))
    return any(product in market.catalogue.get(source, ()) for source in sources)


def recorded_products(market: Market) -> list[str]:
    """Return the products of which the recordings have anything, in order."""
    of_channels = (products for channel, products in market.catalogue.items() if channel != BALANCE)
    return sorted({name for products in of_channels for name in products if name.count("-") == 1})
