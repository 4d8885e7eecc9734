"""API keys that are sent with the handshake and sign nothing, such as CoinMarketCap's, and where they are read from."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from ..errors import UsageError
from .credentials import CredentialsKind, key_from_environment
from .decoding import decoder_of

__all__ = ["CMC_KEY", "ApiKey", "cmc_key_from_environment", "parse_api_key_file"]

_HEADER_TEXT = re.compile(r"[!-~]+", re.ASCII)
"""A header value without spaces (RFC 9110, 5.5)."""

_CMC_VARIABLES = ("CMC_PRO_API_KEY",)


class ApiKey:
    """
    An API key.

    Args:
        key: The key.

    Attributes:
        key: As above.

    Raises:
        UsageError: If it is empty, or not a valid header value.

    """

    __slots__ = ("key",)

    def __init__(self, key: str) -> None:
        self.key = key.strip().strip("\"'")
        if not self.key:
            raise UsageError("the API key is empty")
        if _HEADER_TEXT.fullmatch(self.key) is None:
            raise UsageError("the API key contains spaces or is not ASCII; copy only the key")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the key."""
        return (self.key,)

    def __repr__(self) -> str:
        return "ApiKey()"


class _KeyFile(msgspec.Struct):
    key: str


_decode_key_file = decoder_of(_KeyFile)


def parse_api_key_file(text: str) -> ApiKey:
    """
    Read a file that holds nothing but an API key, or JSON with `key`. Other members are ignored.

    Raises:
        UsageError: If it is neither.

    """
    text = text.removeprefix("\ufeff").strip()
    if not text.startswith("{"):
        return ApiKey(text)
    found = _decode_key_file(text)
    if found is None:
        raise UsageError('the key file is neither a bare API key nor JSON such as {"key": "..."}')
    return ApiKey(found.key)


def cmc_key_from_environment(environment: Mapping[str, str]) -> ApiKey | None:
    """
    Read CMC_PRO_API_KEY; None if it is not set.

    Raises:
        UsageError: If it is not a valid key.

    """
    return key_from_environment(environment, _CMC_VARIABLES, ApiKey)


CMC_KEY = CredentialsKind(
    summary="an API key of CoinMarketCap (pro.coinmarketcap.com), of the Startup plan or one above it",
    variables=_CMC_VARIABLES,
    file='the key alone, or a JSON file {"key": "..."}',
    from_environment=cmc_key_from_environment,
    from_file=parse_api_key_file,
)
