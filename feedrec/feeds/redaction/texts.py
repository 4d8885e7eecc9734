"""Secrets in texts that are not JSON: messages of other kinds, lines of a log, strings within a message."""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from .addresses import REDACTED, hide_in_fields
from .secret_keys import is_login

__all__ = ["begins_with_parameter", "hide_telling", "redact_plain_message"]

_FORM = re.compile(r"[\w.%\[\]-]+=\S*")
_WORDS = re.compile(r"[\w.-]+")
_LINE = re.compile(r"([\w.-]+)(\s*[:=]\s*)(.*)")
_COMMAND = re.compile(r"[A-Z]+|\0?")

# Each takes a time that grows with the text, and no faster: some of the texts are a venue's.
_USER = re.compile(r"(?<=://)[^/\s@?#\"']+@")
_PARAMETER = re.compile(r"(?:^|[?&;])([\w.%\[\]-]+)=")
_FIRST_IN_STRING = re.compile(r'"([\w.%\[\]-]+)=')
_ITS_VALUE = re.compile(r"[^&\s#\"'<>]*")
_TELLING = (  # what each begins with, so that a text without it is not searched
    ("eyJ", re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]+\.[\w-]*", re.ASCII), REDACTED),  # a JWT
    ("", re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]{8,}", re.ASCII), rf"\g<1>{REDACTED}"),
    (
        "-----BEGIN",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        REDACTED,
    ),
)
_KEY_OF_64 = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{64}(?![0-9A-Za-z])", re.ASCII)
"""An API key or a listen key as Binance issues them has 64 letters and digits, capitals among them."""

_BASE64 = f"{string.ascii_letters}{string.digits}+/"
_AROUND = 500  # characters of a text on each side of what may be a key that are looked at
_LEAST_BASE64 = 200  # characters of base64 around it: no address is like that


def redact_plain_message(text: str, is_secret: Callable[[str], bool]) -> str | None:
    """
    Return a message that is not JSON without secrets; None if nothing tells where one ends, so that all may be one.

    `name=value&...`, and lines of `name: value` as in STOMP, are understood.
    """
    if not any(is_secret(word) or is_login(word) for word in _WORDS.findall(text)):
        return hide_telling(text, is_secret)
    if _FORM.fullmatch(text):
        shown = hide_in_fields(text, is_secret)
        return shown if shown != text else None
    lines = text.split("\n")
    if all(_LINE.fullmatch(line) or (_COMMAND.fullmatch(line) and not is_login(line)) for line in lines):
        return "\n".join(_redact_line(line, is_secret) for line in lines)
    return None


def hide_telling(text: str, is_secret: Callable[[str], bool]) -> str:
    """Return a text without what is known for a secret by its form, and without users and parameters of addresses."""
    if "@" in text:
        text = _USER.sub(f"{REDACTED}@", text)
    if "=" in text:
        text = _hide_parameters(text, is_secret)
    for sign, pattern, shown in _TELLING:
        if sign in text:
            text = pattern.sub(shown, text)
    return _KEY_OF_64.sub(lambda found: REDACTED if _is_key_of_64(found) else found[0], text)


def begins_with_parameter(text: str, is_secret: Callable[[str], bool]) -> bool:
    """Return whether a string that stands in a text, such as a JSON text, may begin with a secret parameter."""
    return any(map(is_secret, _FIRST_IN_STRING.findall(text)))


def _hide_parameters(text: str, is_secret: Callable[[str], bool]) -> str:
    pieces, last = [], 0
    for name in _PARAMETER.finditer(text):
        if name.start() >= last and is_secret(name[1]):
            pieces += [text[last : name.end()], REDACTED]
            value = _ITS_VALUE.match(text, name.end())
            last = value.end() if value else name.end()
    return "".join([*pieces, text[last:]])


def _redact_line(line: str, is_secret: Callable[[str], bool]) -> str:
    field = _LINE.fullmatch(line)
    if field is None:
        return line
    if is_secret(field[1]) or is_login(field[1]):
        return f"{field[1]}{field[2]}{REDACTED}"
    is_open = any(is_secret(word) or is_login(word) for word in _WORDS.findall(field[3]))
    return f"{field[1]}{field[2]}{REDACTED}" if is_open else hide_telling(line, is_secret)


def _is_key_of_64(found: re.Match[str]) -> bool:
    """Return whether it looks like a key, and not like a piece of a picture or a sound in base64."""
    text, start, end = found.string, found.start(), found.end()
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    before, after = before[len(before.rstrip(_BASE64)) :], after[: len(after) - len(after.lstrip(_BASE64))]
    around = before + after
    is_of_base64 = len(around) >= _LEAST_BASE64 and "+" in around and "/" in around
    return not is_of_base64 and _has_all_kinds(found[0])


def _has_all_kinds(text: str) -> bool:
    return all(re.search(kind, text) for kind in ("[0-9]", "[a-z]", "[A-Z]"))
