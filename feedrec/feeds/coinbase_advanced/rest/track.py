"""
The paths from `/v2` on, which the venue's documentation calls Track APIs: currencies, exchange rates, time.

Shapes: `coinbase.fetch_time`, `fetch_currencies` and `fetch_currencies_from_cache` of ccxt 4.5.90;
`GetCryptoAssets.txt` and `GetExchangeRates.txt` of the tests of JKorf/Coinbase.Net.
"""

from __future__ import annotations

import uuid
from decimal import Context, Decimal, InvalidOperation

from ....http_messages import HttpAnswer, HttpRequest
from ....model import NANOSECONDS, format_time
from ...rest.candles import plain_text
from ...rest.currencies import MONEY
from ...rest.json_answers import json_answer
from ..channels import TICKER, TICKER_BATCH
from .errors import invalid_currency
from .product_fields import is_future
from .products import known_products, last_price
from .recorded import TRADES, Recorded

__all__ = ["crypto_currencies", "exchange_rates", "fiat_currencies", "time"]

_CENT = "0.01"
_DECIMALS = 8
_FIRST_PLACE = 100
"""Where cryptocurrencies begin in the order of the list; Bitcoin is there."""

_RATE = Context(prec=18)


def time(nanoseconds: int) -> HttpAnswer:
    """Answer what time it is."""
    second = nanoseconds // NANOSECONDS
    return json_answer({"data": {"iso": format_time(second * NANOSECONDS)[:19] + "Z", "epoch": second}})


def fiat_currencies(_request: HttpRequest, recorded: Recorded) -> HttpAnswer | None:
    """Answer which currencies there are: those of the products that are known; None if there is no product."""
    names = _currencies(recorded)
    listed = [{"id": name, "name": MONEY[name], "min_size": _CENT} for name in names if name in MONEY]
    return json_answer({"data": listed}, guessed="names, and sizes") if names else None


def crypto_currencies(_request: HttpRequest, recorded: Recorded) -> HttpAnswer | None:
    """
    Answer which cryptocurrencies there are: those of the products that are known; None if there is no product.

    ccxt takes for one what has an `asset_id`, and needs its name.
    """
    names = _currencies(recorded)
    coins = [name for name in names if name not in MONEY]
    listed = [
        {
            "code": name,
            "name": name,
            "color": "",
            "sort_index": _FIRST_PLACE + place,
            "exponent": _DECIMALS,
            "type": "crypto",
            "address_regex": "",
            "asset_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"feedrec:{name}")),
        }
        for place, name in enumerate(coins)
    ]
    return json_answer({"data": listed}, guessed="names, ids, and exponents") if names else None


def exchange_rates(request: HttpRequest, recorded: Recorded) -> HttpAnswer | None:
    """
    Answer what a unit of a currency (`USD` if none is given) is worth, by the last prices; None if there is no product.

    Only currencies of products that have been traded against it have a rate.
    """
    base = request.parameter("currency") or "USD"
    known = [one for one in known_products(recorded) if not is_future(one)]
    if not known:
        return None
    if base not in _currencies(recorded) and base not in MONEY:
        return invalid_currency(base)
    pairs = [one for one in known if base in (one.base_currency, one.quote_currency)]
    recorded.read((TICKER, TICKER_BATCH, TRADES), [recorded.source_of(one.id) for one in pairs])
    rates = {base: "1.0"}
    for one in pairs:
        price = _decimal(last_price(one.id, recorded))
        if price is not None and one.quote_currency == base:
            rates[one.base_currency] = plain_text(_RATE.divide(Decimal(1), price))
        elif price is not None:
            rates[one.quote_currency] = plain_text(price)
    return json_answer({"data": {"currency": base, "rates": dict(sorted(rates.items()))}}, guessed="rates")


def _currencies(recorded: Recorded) -> list[str]:
    """Return the currencies of all products, in alphabetical order."""
    known = [one for one in known_products(recorded) if not is_future(one)]
    names = {name for one in known for name in (one.base_currency, one.quote_currency)}
    return sorted(name for name in names if name)


def _decimal(text: str) -> Decimal | None:
    """Return a price above 0; None if there is none."""
    try:
        price = Decimal(text)
    except InvalidOperation:
        return None
    return price if price.is_finite() and price > 0 else None
