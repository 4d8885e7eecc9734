"""The REST half of Advanced Trade: which path is answered by what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import unquote

from ....http_messages import HttpAnswer, HttpRequest
from ....model import NANOSECONDS, format_time
from ...auth import Auth
from ...base import Subscription
from ...rest.half import Market
from ...rest.json_answers import json_answer
from . import track
from .book import best_bid_ask, book
from .candles import candles
from .credentials import fault_of
from .errors import BadRequestError, not_found, not_found_v2, unauthorized
from .fees import transaction_summary
from .products import product, products
from .recorded import Recorded
from .trades import trades

__all__ = ["AdvancedRest"]

_HOST = "api.coinbase.com"
_V2 = "/v2/"
_BROKERAGE = "/api/v3/brokerage/"

_PER_SECOND = 10.0
"""
Public requests a second from one address ("REST API Rate Limits" of Advanced Trade at docs.cloud.coinbase.com; the
pages of 2026 give no number, those of Exchange give the same).
"""

_MOST_PRODUCTS = 30
"""Products that are asked for one by one: with more, the list has them."""

_LISTS = (
    "/v2/currencies",
    "/v2/currencies/crypto",
    "/v2/exchange-rates",
    "/api/v3/brokerage/market/products",
    "/api/v3/brokerage/market/products?product_type=FUTURE",
)
"""What `coinbase.load_markets` of ccxt 4.5.90 asks, and `get_public_products` of the SDK without parameters."""

_MARKET_PATHS = ("products", "product_book")
"""Paths that are there twice, with `market/` before them for everybody."""

_OF_TRACK = {
    "/v2/currencies": track.fiat_currencies,
    "/v2/currencies/crypto": track.crypto_currencies,
    "/v2/exchange-rates": track.exchange_rates,
}
_OF_MARKET = {
    "products": products,
    "product_book": book,
    "best_bid_ask": best_bid_ask,
    "transaction_summary": transaction_summary,
}
_OF_PRODUCT = {None: product, "ticker": trades, "candles": candles}


class AdvancedRest:
    """
    Answers of api.coinbase.com, see `RestHalf`.

    Attributes:
        hosts: See `RestHalf`.
        per_second: See `RestHalf`.

    """

    hosts: Collection[str] = (_HOST,)
    per_second = _PER_SECOND

    def first_requests(self, subscriptions: Sequence[Subscription]) -> Sequence[str]:
        """
        Return the lists, and the products that are subscribed.

        What the feed itself tells is not among them: the time, a book or a ticker would be out of date soon after, and
        what was recorded comes before what is told from the feed.
        """
        wanted = list(dict.fromkeys(product for one in subscriptions for product in one.products))
        some = wanted if len(wanted) <= _MOST_PRODUCTS else []
        return [f"https://{_HOST}{path}" for path in (*_LISTS, *(f"{_BROKERAGE}market/products/{one}" for one in some))]

    def refusal(self, request: HttpRequest, auth: Auth) -> HttpAnswer | None:
        """Refuse what is not public without credentials; see `RestHalf`."""
        if _is_public(request.path):
            return None
        fault = fault_of(request, auth, self.hosts)
        return None if fault is None else unauthorized(fault)

    def answer(self, request: HttpRequest, market: Market) -> HttpAnswer | None:
        """Answer a request; see `RestHalf`."""
        if request.method != "GET":
            return None
        try:
            if request.path.startswith(_V2):
                return _answer_v2(request, market)
            return _answer_brokerage(request, market) if request.path.startswith(_BROKERAGE) else None
        except BadRequestError as error:
            return error.answer

    def not_found(self, request: HttpRequest) -> HttpAnswer:
        """Return the venue's own words; see `RestHalf`."""
        if request.path.startswith(_V2):
            return not_found_v2()
        parts = _parts(request.path)
        if parts[:1] == ["products"] and len(parts) == 2:
            return not_found(f"Product {parts[1]} not supported")
        return not_found("valid product_id is required" if parts and parts[0] in _MARKET_PATHS else "Not Found")


def _is_public(path: str) -> bool:
    if path.startswith(_BROKERAGE):
        rest = path.removeprefix(_BROKERAGE)
        return rest == "time" or rest.startswith("market/")
    return path.startswith(("/v2/time", "/v2/currencies", "/v2/exchange-rates", "/v2/prices/"))


def _answer_v2(request: HttpRequest, market: Market) -> HttpAnswer | None:
    if request.path == "/v2/time":
        return track.time(market.time)
    of_path = _OF_TRACK.get(request.path)
    return None if of_path is None else of_path(request, Recorded(market))


def _answer_brokerage(request: HttpRequest, market: Market) -> HttpAnswer | None:
    name, *more = _parts(request.path)
    if name == "products" and len(more) in (1, 2):
        of_product = _OF_PRODUCT.get(more[1] if more[1:] else None)
        return of_product(more[0], request, Recorded(market)) if of_product and more[0] else None
    if more:
        return None
    of_market = _OF_MARKET.get(name)
    if name == "time":
        return _time(market.time)
    return None if of_market is None else of_market(request, Recorded(market))


def _parts(path: str) -> list[str]:
    """Return the parts of a path after what all have in common, without `market`."""
    parts = [unquote(part) for part in path.removeprefix(_BROKERAGE).split("/")]
    return parts[1:] if parts[0] == "market" and parts[1:2] and parts[1] in _MARKET_PATHS else parts


def _time(nanoseconds: int) -> HttpAnswer:
    """Answer what time it is, with numbers as text: so in `coinbase.fetch_time` of ccxt 4.5.90."""
    milliseconds = nanoseconds // (NANOSECONDS // 1000)
    iso = f"{format_time(nanoseconds)[:19]}Z"
    return json_answer({"iso": iso, "epochSeconds": str(milliseconds // 1000), "epochMillis": str(milliseconds)})
