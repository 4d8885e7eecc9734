"""
The REST half of Coinbase Exchange.

1. A path is of the public ones or it needs credentials, whether the venue has it or not (seen in 2019 for a path that
   it does not have, krijnsent/crypto_vba). Credentials that come with a public one are not looked at: coinbase-pro-node
   9.1.0 signs all it asks, with an empty key if it has none.
2. Products may be written in small letters.
3. What is asked of a product that the recordings lack, and of a currency, is not found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from urllib.parse import unquote

from ....http_messages import HttpAnswer, HttpRequest
from ...auth import Auth
from ...base import Subscription
from ...products import upper_case_product
from ...rest import Market
from ..channels import BALANCE, described_name
from .book import book_answer
from .candles import candles_answer, spark_lines_answer
from .credentials import refusal_of
from .errors import NOT_FOUND
from .prices import stats_answer, ticker_answer
from .products import currencies_answer, currency_answer, product_answer, products_answer
from .times import time_text
from .trades import trades_answer

__all__ = ["ExchangeRest"]

_PUBLIC = ("products", "currencies", "time", "wrapped-assets")
"""What paths that need no credentials begin with ("Exchange API Reference": those of Products, Currencies, ...)."""

_PRIVATE = (("wrapped-assets", "redeem"), ("wrapped-assets", "stake-wrap"))
"""What of that needs them (`api` of ccxt 4.5.90)."""

_WITH_ORDERS = ("full", "level3")
"""Channels whose clients begin with the whole book, order by order, which only this half gives."""

_ALL: dict[str, Callable[[Market], HttpAnswer]] = {
    "time": lambda market: HttpAnswer(200, time_text(market.time)),
    "products": products_answer,
    "currencies": currencies_answer,
}
"""Who answers for everything, by path."""

_ONE: dict[str, Callable[[Market, str], HttpAnswer | None]] = {
    "products": product_answer,
    "currencies": currency_answer,
}
"""Who answers for one of them."""

_OF_PRODUCT: dict[str, Callable[[HttpRequest, Market, str], HttpAnswer | None]] = {
    "ticker": lambda _, market, product: ticker_answer(market, product),
    "stats": lambda _, market, product: stats_answer(market, product),
    "book": book_answer,
    "trades": trades_answer,
    "candles": candles_answer,
}
"""Who answers for what of a product."""


class ExchangeRest:
    """
    The REST half of an endpoint; see `RestHalf`.

    Args:
        hosts: The names of its hosts, the present one first.

    Attributes:
        hosts: See above.
        per_second: "Exchange REST API Rate Limits": of an address, for what is public; 15 in bursts.

    """

    per_second = 10.0

    def __init__(self, hosts: Sequence[str]) -> None:
        self.hosts: Collection[str] = tuple(hosts)
        self._url = f"https://{hosts[0]}"

    def first_requests(self, subscriptions: Sequence[Subscription]) -> list[str]:
        """
        Return what clients ask first that frames do not tell, or not all of it; see `RestHalf`.

        What changes with the market is not among it, since an answer that was recorded goes before one that is made.
        """
        products: dict[str, set[str]] = {}
        for one in subscriptions:
            for product in one.products if one.channel != BALANCE else ():
                products.setdefault(product, set()).add(described_name(one.channel))
        paths = ["/products", "/currencies"]
        for product, channels in products.items():
            paths.append(f"/products/{product}")
            paths += [f"/products/{product}/book?level=3"] if channels.intersection(_WITH_ORDERS) else []
            paths += [f"/products/{product}/{what}" for what in ("ticker", "stats") if "ticker" not in channels]
        return [f"{self._url}{path}" for path in paths]

    def refusal(self, request: HttpRequest, auth: Auth) -> HttpAnswer | None:
        """Return how the venue refuses a request for its credentials; see `RestHalf`."""
        return None if _is_public(request) else refusal_of(request, auth)

    def answer(self, request: HttpRequest, market: Market) -> HttpAnswer | None:
        """Answer a request from what is known of the market; see `RestHalf`."""
        if request.method != "GET":
            return None
        match _segments(request):
            case [what] if what in _ALL:
                return _ALL[what](market)
            case ["products", "spark-lines"]:
                return spark_lines_answer(market)
            case [what, name] if what in _ONE:
                return _ONE[what](market, upper_case_product(name.upper()))
            case ["products", name, what] if what in _OF_PRODUCT:
                return _OF_PRODUCT[what](request, market, upper_case_product(name))
        return None

    def not_found(self, request: HttpRequest) -> HttpAnswer:  # noqa: ARG002
        """Return the venue's error for what it does not have; see `RestHalf`."""
        return NOT_FOUND


def _segments(request: HttpRequest) -> list[str]:
    return [unquote(segment) for segment in request.path.strip("/").split("/")]


def _is_public(request: HttpRequest) -> bool:
    segments = _segments(request)
    return request.method in {"GET", "HEAD"} and segments[0] in _PUBLIC and tuple(segments[:2]) not in _PRIVATE
