"""
How Advanced Trade says over HTTP what is wrong.

The paths from `/api/v3` on write `{"error", "error_details", "message"}`, as recorded in tests and issues of clients:
gocryptotrader (`coinbase_test.go`: an unknown product, a value that is none), coinbase-samples/advanced-sdk-ts (its
client and issue 10: the granularity), KmiQ/coinbase-advanced-python (pull request 26: too many candles). A value that
cannot be read is refused by grpc-gateway, whose words (`runtime/query.go`) are those of gocryptotrader's test. Without
valid credentials the answer is the word `Unauthorized` (ccxt issue 26300). The paths from `/v2` on write
`{"errors": [{"id", "message"}]}` (`coinbase.handle_errors` of ccxt 4.5.90).
"""

from __future__ import annotations

from ....http_messages import TEXT, HttpAnswer
from ...rest.half import Refused
from ...rest.json_answers import json_answer

__all__ = [
    "BadRequestError",
    "internal",
    "invalid_argument",
    "invalid_currency",
    "not_found",
    "not_found_v2",
    "unauthorized",
    "unreadable",
]


class BadRequestError(Exception):
    """
    A request has a parameter that the venue refuses.

    Attributes:
        answer: What it answers.

    """

    def __init__(self, answer: HttpAnswer) -> None:
        super().__init__(answer)
        self.answer = answer


def invalid_argument(details: str) -> BadRequestError:
    """Return the error of an argument that is missing, or not allowed."""
    return BadRequestError(_error(400, "INVALID_ARGUMENT", details))


def unreadable(name: str, problem: str) -> BadRequestError:
    """Return the error of a parameter whose text is not of its type."""
    return BadRequestError(_error(400, "unknown", f'parsing field "{name}": {problem}'))


def internal() -> BadRequestError:
    """Return the error of a limit that is too large, as observed on 2026-09-27; its words are not known."""
    return BadRequestError(_error(500, "INTERNAL", ""))


def not_found(details: str) -> HttpAnswer:
    """Return the answer where there is nothing."""
    return _error(404, "NOT_FOUND", details)


def not_found_v2() -> HttpAnswer:
    """Return the answer of a path from `/v2` on where there is nothing."""
    return json_answer({"errors": [{"id": "not_found", "message": "Not found"}]}, 404)


def invalid_currency(name: str) -> HttpAnswer:
    """Return the answer of `/v2/exchange-rates` to a currency that it does not know."""
    return json_answer({"errors": [{"id": "invalid_request", "message": f"Invalid currency ({name})"}]}, 400)


def unauthorized(reason: str) -> Refused:
    """Return the answer to bad credentials, and to the lack of any, for a reason that is not told."""
    return Refused(401, b"Unauthorized", TEXT, reason=reason)


def _error(status: int, code: str, details: str) -> HttpAnswer:
    return json_answer({"error": code, "error_details": details, "message": details}, status)
