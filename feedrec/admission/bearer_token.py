"""A secret that requests bring along: in the header Authorization (RFC 6750), or as a parameter. Pure."""

from __future__ import annotations

import hmac
import re
import secrets

from ..errors import UsageError
from ..http_messages import HttpRequest

__all__ = ["check_token", "has_token", "new_token"]

_SHORTEST = 16  # characters: nobody guesses as many
_TOKEN = re.compile(rf"[A-Za-z0-9._~-]{{{_SHORTEST},200}}", re.ASCII)  # what stands in a URL as it is (RFC 3986, 2.3)
_RANDOM = 24  # bytes of a token that is made: 32 characters
_BEARER = re.compile(r"bearer +(\S+)", re.ASCII | re.IGNORECASE)


def check_token(text: str) -> str:
    """
    Return a token that a person chose.

    Raises:
        UsageError: If it is too short, or cannot stand in a URL as it is. The token is not quoted.

    """
    if _TOKEN.fullmatch(text) is None:
        raise UsageError(
            f"a control token has {_SHORTEST} to 200 characters, of the letters, the digits and . _ ~ - only: leave it "
            "out, and one is made"
        )
    return text


def new_token() -> str:
    """Make a token."""
    return secrets.token_urlsafe(_RANDOM)


def has_token(request: HttpRequest, token: str) -> bool:
    """Tell whether a request has the token; how long that takes does not tell how much of it was right."""
    given = [match[1] for name, value in request.headers if name == "authorization" and (match := _matched(value))]
    if not given:
        given = [value for name, value in request.query if name == "token"]
    return len(given) == 1 and hmac.compare_digest(given[0].encode(), token.encode())


def _matched(value: str) -> re.Match[str] | None:
    return _BEARER.fullmatch(value.strip(" \t"))
