"""Products: as venues spell them, as venues list them, and as people select them by patterns."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence

import msgspec

from ..errors import UsageError
from ..spelling import closest_name
from .base import Feed, ProductList, Subscription

__all__ = [
    "MOST_UNASKED",
    "ListedProduct",
    "ProductChoice",
    "choose_products",
    "patterns_in",
    "product_list",
    "refuse_patterns",
    "upper_case_product",
]

MOST_UNASKED = 100
"""Products that patterns may select before a person is asked whether that is meant."""

_UPPER_CASE = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)+")
_ONLINE = ("online", "")


def upper_case_product(product: str) -> str:
    """Return `btc-usd`, `BTC/USD` or `btc_usd` as `BTC-USD`, and what is of no such form as it is."""
    name = product.upper().replace("/", "-").replace("_", "-")
    return name if _UPPER_CASE.fullmatch(name) else product


class ListedProduct(msgspec.Struct):
    """A product in a frame of `status`, of either venue of Coinbase."""

    id: str = ""
    status: str = ""


def product_list(products: Iterable[ListedProduct]) -> ProductList:
    """Return the list that a frame of `status` has; only what is `online` is traded."""
    named = [one for one in products if one.id]
    online = tuple(one.id for one in named if one.status in _ONLINE)
    return ProductList(online, tuple(one.id for one in named if one.status not in _ONLINE))


class ProductChoice(msgspec.Struct, frozen=True):
    """
    What patterns select.

    Attributes:
        subscriptions: The subscriptions, with products in place of patterns.
        by_pattern: The products that each pattern selects.
        offline: The products that it would select if they were online, by pattern.
        unlisted: Products that were named and are not on the venue's list, with what is like them there, or nothing.

    """

    subscriptions: list[Subscription]
    by_pattern: dict[str, tuple[str, ...]]
    offline: dict[str, tuple[str, ...]]
    unlisted: dict[str, str]

    @property
    def count(self) -> int:
        """Number of products that the patterns select, each counted once."""
        return len({product for products in self.by_pattern.values() for product in products})


def patterns_in(subscriptions: Iterable[Subscription]) -> list[str]:
    """Return the products that are patterns, with `*`, `?` or `[...]` as in a shell; each once."""
    products = (product for one in subscriptions for product in one.products)
    return list(dict.fromkeys(product for product in products if _is_pattern(product)))


def refuse_patterns(feed: Feed, subscriptions: Iterable[Subscription]) -> None:
    """
    Refuse patterns where the venue does not list its products.

    Raises:
        UsageError: If there is one.

    """
    patterns = patterns_in(subscriptions)
    if patterns and feed.product_channel is None:
        raise UsageError(
            f"{feed.name} has no channel that lists its products, so nothing tells what {patterns[0]!r} stands for: "
            "name the products"
        )


def choose_products(feed: Feed, subscriptions: Sequence[Subscription], listed: ProductList) -> ProductChoice:
    """
    Put the products of the venue in the place of patterns.

    Raises:
        UsageError: If a pattern selects none.

    """
    by_pattern = {pattern: _matching(pattern, listed.online) for pattern in patterns_in(subscriptions)}
    offline = {pattern: _matching(pattern, listed.offline) for pattern in by_pattern}
    for pattern, products in by_pattern.items():
        if not products:
            raise UsageError(_nothing_selected(feed, pattern, listed, offline[pattern]))
    chosen, unlisted = [], {}
    known = {*listed.online, *listed.offline}
    for one in subscriptions:
        named = [name for product in one.products for name in by_pattern.get(product, (product,))]
        chosen.append(Subscription(one.channel, tuple(dict.fromkeys(named)), one.params))
        for product in one.products:
            if product not in by_pattern and product not in known:
                unlisted[product] = closest_name(product, listed.online)
    return ProductChoice(chosen, by_pattern, {one: names for one, names in offline.items() if names}, unlisted)


def _is_pattern(product: str) -> bool:
    return not {"*", "?", "["}.isdisjoint(product)


def _matching(pattern: str, products: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(product for product in products if fnmatch.fnmatchcase(product, pattern)))


def _nothing_selected(feed: Feed, pattern: str, listed: ProductList, offline: Sequence[str]) -> str:
    if not (listed.online or offline):
        return f"{feed.name} lists no product that is online, so nothing tells what {pattern!r} stands for"
    capitals = pattern.upper()
    text = f"none of the {len(listed.online)} products of {feed.name} that are online matches {pattern!r}"
    if offline:
        return f"{text}: {len(offline)} that do are not online"
    return f"{text}; did you mean {capitals!r}?" if _matching(capitals, listed.online) else text
