"""
The REST half of CoinMarketCap: pro-api.coinmarketcap.com, where answers were recorded.

Clients ask `/v1/cryptocurrency/map` which cryptocurrency has which id; no frame tells that, so nothing is told that was
not recorded. Refusals are as in "Rate limits and troubleshooting" of the API's documentation. What is not there is said
in the words of its framework, hapi, in which the older host said so too (glitch452/MMM-CoinMarketCap, issue 7).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...http_messages import HttpAnswer, HttpRequest, first_value
from ..auth import Auth
from ..base import Subscription
from ..rest.half import Market, Refused
from ..rest.json_answers import json_answer
from .codes import ERROR_CODES
from .server import KEY_FIELD, KEY_HEADER

__all__ = ["CoinMarketCapRest"]

_INVALID, _MISSING = "1001", "1002"

_NEVER = "1970-01-01T00:00:00.000Z"
"""The time of a refusal, which is made without a clock."""

_PER_SECOND = 0.5
"""Of the plan that costs nothing: 30 requests a minute ("Pricing")."""


class CoinMarketCapRest:
    """
    Answers of pro-api.coinmarketcap.com, see `RestHalf`.

    Attributes:
        hosts: See `RestHalf`.
        per_second: See `RestHalf`.

    """

    hosts: Collection[str] = ("pro-api.coinmarketcap.com",)
    per_second = _PER_SECOND

    def first_requests(self, subscriptions: Sequence[Subscription]) -> Sequence[str]:  # noqa: ARG002
        """Return none: all need an API key."""
        return ()

    def refusal(self, request: HttpRequest, auth: Auth) -> HttpAnswer | None:
        """Refuse a request without an API key, or with another one; see `RestHalf`."""
        key = first_value(request.headers, KEY_HEADER.lower()) or request.parameter(KEY_FIELD)
        fault = auth.check_api_key(key)
        if fault is None:
            return None
        code = _INVALID if key else _MISSING
        status = {
            "timestamp": _NEVER,
            "error_code": int(code),
            "error_message": ERROR_CODES[code].message,
            "elapsed": 0,
            "credit_count": 0,
        }
        return Refused(401, json_answer({"status": status}).body, reason=fault)

    def answer(self, request: HttpRequest, market: Market) -> HttpAnswer | None:  # noqa: ARG002
        """Return None: frames tell nothing of what is asked here."""
        return None

    def not_found(self, request: HttpRequest) -> HttpAnswer:  # noqa: ARG002
        """Return the venue's own words; see `RestHalf`."""
        return json_answer({"statusCode": 404, "error": "Not Found", "message": "Not Found"}, 404)
