"""No two products have the same name in that of a file, on any disk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.export.product_names import ProductNames
from feedrec.export.tardis.plain import plain_name


@given(st.lists(st.text("aAß/-.\ud800", min_size=1, max_size=3), unique=True))
def test_products_have_names_of_their_own(products: list[str]) -> None:
    for names in (ProductNames(), ProductNames(plain_name)):
        found = [names.of(product) for product in products]
        assert len({name.casefold() for name in found}) == len(products)
        assert [names.of(product) for product in products] == found


def test_a_product_keeps_its_name_if_it_can() -> None:
    names = ProductNames()
    assert names.of("BTC-USD") == "BTC-USD"
    assert names.of("btc-usd").startswith("btc-usd-")
    assert names.of("BTC/USD").startswith("BTC-USD-")


def test_a_name_does_not_depend_on_which_product_came_first() -> None:
    one, other = ProductNames(), ProductNames()
    assert [one.of("A/B"), one.of("A-B")] == [other.of("A-B"), other.of("A/B")][::-1]
