"""Which products a venue has."""

from __future__ import annotations

import pytest

from feedrec.feeds.server_half import VenueProducts

CATALOGUE = {"ticker": ("BTC-USD", "ODD"), "status": ("",)}


@pytest.mark.parametrize("product", ["BTC-USD", "ODD", "DOGE-USD", "ETH-BTC", "1INCH-EUR", "BTC-PERP-INTX"])
def test_the_venue_has_what_is_recorded_in_any_channel_or_is_named_as_its_products_are(product: str) -> None:
    assert product in VenueProducts(CATALOGUE)


@pytest.mark.parametrize("product", ["", "XX-YY", "NO-SUCH", "doge-usd", "USD", "-USD", "DOGE-USD ", "DOGE-USD\n"])
def test_the_venue_does_not_have_what_is_named_otherwise(product: str) -> None:
    assert product not in VenueProducts({"ticker": ("BTC-USD",)})


def test_products_can_be_denied_by_name_even_if_they_are_recorded() -> None:
    products = VenueProducts(CATALOGUE, "DOGE-USD, BTC-USD")
    assert products.parted(["ODD", "DOGE-USD", "BTC-USD", "SOL-USD"]) == (["ODD", "SOL-USD"], ["DOGE-USD", "BTC-USD"])
