"""Errors as Coinbase Exchange writes them: `{"message":"NotFound"}` ("Exchange REST API Requests")."""

from __future__ import annotations

from ....http_messages import HttpAnswer
from ...rest.json_answers import json_answer

__all__ = ["BAD_REQUEST", "NOT_FOUND", "error"]


def error(status: int, message: str) -> HttpAnswer:
    """Return an error, which `handle_errors` of ccxt 4.5.90 reads."""
    return json_answer({"message": message}, status)


NOT_FOUND = error(404, "NotFound")
"""Nothing of such a name (ccxt 4.5.90, `exceptions`)."""

BAD_REQUEST = error(400, "Bad Request")
"""What parameters of unknown values get (seen in 2019 for `level=5` of a book, krijnsent/crypto_vba)."""
