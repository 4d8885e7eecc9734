"""How the venue refuses requests for their credentials, which are headers ("Exchange REST API Authentication")."""

from __future__ import annotations

import msgspec

from ....http_messages import HttpRequest, first_value
from ...auth import Auth
from ...rest import Refused
from .errors import error

__all__ = ["refusal_of"]

_HEADERS = {
    "key": "CB-ACCESS-KEY",
    "signature": "CB-ACCESS-SIGN",
    "timestamp": "CB-ACCESS-TIMESTAMP",
    "passphrase": "CB-ACCESS-PASSPHRASE",
}
"""The headers by the names that the same fields have in messages, in the order in which they are missed."""

_NO_KEY = 401
"""The status where the key is missing or wrong (coinbase-samples/exchange-scripts-py #16, 2024)."""

_OTHER = 400
"""The status for the rest (coinbase/coinbase-pro-node #388, 2019)."""

_MESSAGES = {
    "its key ": (_NO_KEY, "Invalid API Key"),
    "its passphrase ": (_OTHER, "Invalid Passphrase"),
    "its timestamp is not ": (_OTHER, "invalid timestamp"),
    "its timestamp ": (_OTHER, "request timestamp expired"),
    "its signature is wrong": (_OTHER, "invalid signature"),
    "": (_NO_KEY, "Invalid API Key"),
}
"""Status and message by how the reason begins; see `Auth`. The texts are those that clients look for (ccxt 4.5.90)."""


def refusal_of(request: HttpRequest, auth: Auth) -> Refused | None:
    """Return how a request is refused that needs credentials; None if it has those that `auth` wants."""
    fields = {name: first_value(request.headers, header.lower()) or "" for name, header in _HEADERS.items()}
    signed = request.method.encode() + request.target.encode() + request.body
    reason = auth.check_exchange(fields, signed)
    if reason is None:
        return None
    missing = next((name for name, value in fields.items() if not value), None)
    if missing is not None:
        status, message = _NO_KEY if missing == "key" else _OTHER, f"{_HEADERS[missing]} header is required"
    else:
        status, message = next(said for beginning, said in _MESSAGES.items() if reason.startswith(beginning))
    answer = error(status, message)
    return Refused(**msgspec.structs.asdict(answer), reason=reason)
