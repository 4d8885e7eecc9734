"""Addresses as they may be shown: without user, password, secret parameters, and what looks like a key in a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import SplitResult, unquote_plus, urlsplit

from .secret_keys import is_secret_key

__all__ = ["REDACTED", "hide_in_fields", "looks_like_key", "redact_address", "redact_target", "secrets_of_address"]

REDACTED = "[redacted]"
"""What replaces a secret in a recording, a log or an error."""

_ANY_HOST = "http://host"

_NAME = re.compile(r"(?:^|(?<=;))([^=;]*)=")
_BETWEEN = re.compile(r"([/,;=:])")
_LONG = re.compile(r"[\w-]{32,}", re.ASCII)
_DENSE = re.compile(r"[0-9A-Za-z]{20,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)  # a JWT, whose parts may each be too short
_ON_CHAIN = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)


def redact_address(url: str, is_secret: Callable[[str], bool] = is_secret_key) -> str:
    """
    Return an address as it may be recorded and shown.

    User, password and fragment are left out. The values of secret parameters are replaced, in the query and in the
    path, and so is every part of path or query that looks like a key. In a text that is not an address they cannot be
    found, so such a text is redacted as a whole.

    Args:
        url: The address.
        is_secret: Tells by its name whether a parameter is secret.

    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # "user:password" without a host passes for host and port until the port is looked at
    except ValueError:
        return REDACTED
    host = parts.netloc.rpartition("@")[2]
    path = "/".join(_hide_in_field(segment, is_secret) for segment in parts.path.split("/"))
    return SplitResult(parts.scheme, host, path, hide_in_fields(parts.query, is_secret), "").geturl()


def redact_target(target: str, redact: Callable[[str], str] = redact_address) -> str:
    """Return what a request asks for, a path with its query, as it may be shown; `redact` is for whole addresses."""
    return redact(f"{_ANY_HOST}{target}").removeprefix(_ANY_HOST)


def secrets_of_address(url: str, is_secret: Callable[[str], bool]) -> set[str]:
    """Return the secrets of an address, as they stand there and as they are sent."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return set()
    found = {parts.username or "", parts.password or "", parts.fragment}
    for field in (*parts.query.split("&"), *parts.path.split("/")):
        secret = next((name for name in _NAME.finditer(field) if is_secret(unquote_plus(name[1]))), None)
        found |= {part for part in _BETWEEN.split(field) if looks_like_key(part)}
        found |= set() if secret is None else {field[secret.end() :]}
    return found | {unquote_plus(one) for one in found}


def hide_in_fields(query: str, is_secret: Callable[[str], bool]) -> str:
    """Return `name=value&...` with the values of secret names, and values that look like keys, replaced."""
    return "&".join(_hide_in_field(field, is_secret) for field in query.split("&"))


def _hide_in_field(field: str, is_secret: Callable[[str], bool]) -> str:
    """Return one field; from the first secret name on, all of it is value, since a value may contain anything else."""
    for name in _NAME.finditer(field):
        if is_secret(unquote_plus(name[1])):
            return f"{_hide_keys(field[: name.end()])}{REDACTED}"
        if "{" in (value := unquote_plus(field[name.end() :])) and any(map(is_secret, re.findall(r"[\w.-]+", value))):
            return f"{field[: name.end()]}{REDACTED}"
    return _hide_keys(field)


def looks_like_key(text: str) -> bool:
    """Return whether a text looks like a key, such as that of a user stream in a path, and not like a name."""
    is_mixed = bool(re.search("[A-Za-z]", text) and re.search("[0-9]", text))
    has_cases = bool(re.search("[a-z]", text) and re.search("[A-Z]", text))
    is_long = _LONG.fullmatch(text) is not None and _ON_CHAIN.fullmatch(text) is None
    is_key = is_long and is_mixed and (has_cases or _DENSE.search(text) is not None)
    return is_key or _TOKEN.fullmatch(text) is not None


def _hide_keys(text: str) -> str:
    return "".join(REDACTED if looks_like_key(part) else part for part in _BETWEEN.split(text))
