"""Secrets that were found, kept out of texts from then on, in whatever way they are written there."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from .addresses import REDACTED
from .rules import value_pattern

__all__ = ["KnownSecrets"]

_MOST_PASSING = 24  # secrets that were sent lately

_PLAIN = re.compile(r"[ -$&-\[\]-~]+")
"""What has nothing that begins an escape, `%` or a backslash, and is ASCII: nearly every secret there is."""

_LONGEST_ESCAPE = len(r"\u0041")

_ESCAPED_IN_JSON = '"/'

_ESCAPED = re.compile(r'(?:%[0-9a-fA-F]{2})+|(?:\\u[0-9a-fA-F]{4})+|\\["/]')
"""What a plain character may be written as in an address or in JSON; see `value_pattern`."""


class KnownSecrets:
    """
    Secrets, and whether each is known for good; else it is forgotten when enough newer ones are known.

    A pattern for all the ways in which a secret may be written takes milliseconds to make, and each HTTP request may
    have a token of its own. So there is one only for a secret that a text has, with escapes.
    """

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}  # the latest one last
        self._patterns: dict[str, re.Pattern[str]] = {}

    def __len__(self) -> int:
        """Return how many are known."""
        return len(self._known)

    def add(self, secret: str, *, for_good: bool) -> None:
        """Take note of a secret."""
        is_new = secret not in self._known
        self._known[secret] = self._known.pop(secret, False) or for_good
        if is_new:
            self._forget_oldest()

    def plainly_hidden_in(self, text: str) -> str:
        """Return a text without the secrets that stand in it as they are."""
        for secret in list(self._known):  # another thread may learn meanwhile
            text = text.replace(secret, REDACTED)
        return text

    def hidden_in(self, text: str) -> str:
        """Return a text without the secrets that stand in it in any way."""
        said = _unescaped(text)
        found = [one for one in list(self._known) if one in text or _may_be_in(one, said)]
        for secret in sorted(found, key=len, reverse=True):  # a part of another one comes after it
            if secret[0] not in _ESCAPED_IN_JSON or "\\" not in text:  # else the backslash would stay
                text = text.replace(secret, REDACTED)
            if _may_be_in(secret, _unescaped(text)):
                text = self._pattern_of(secret).sub(REDACTED, text)
        return text

    def _pattern_of(self, secret: str) -> re.Pattern[str]:
        pattern = self._patterns.get(secret)
        if pattern is None:
            pattern = self._patterns[secret] = re.compile(value_pattern(secret))
        return pattern

    def _forget_oldest(self) -> None:
        """Forget signatures and tokens of long ago: each request has its own, and none is valid for long."""
        passing = [secret for secret, for_good in self._known.items() if not for_good]
        for secret in passing[:-_MOST_PASSING]:
            del self._known[secret]
            self._patterns.pop(secret, None)


def _may_be_in(secret: str, said: str) -> bool:
    """
    Return whether a secret may be in a text, by what that says without escapes.

    The first characters may have been taken for the rest of an escape that begins before the secret, as in `%41bc` for
    `41bc`. From the end of that escape on, the text says what the secret says.
    """
    if not _PLAIN.fullmatch(secret):
        return True
    rest = secret[_LONGEST_ESCAPE - 1 :]
    return rest in said or (" " in rest and rest.replace("+", " ") in said.replace("+", " "))


def _unescaped(text: str) -> str:
    """Return a text with what may be a plain character in it as that character."""
    return _ESCAPED.sub(_character, text) if "%" in text or "\\" in text else text


def _character(escaped: re.Match[str]) -> str:
    text = escaped[0]
    if text[0] == "%":
        return unquote_to_bytes(text).decode(errors="replace")
    return text[1] if text[1] != "u" else "".join(chr(int(unit, 16)) for unit in text.split("\\u")[1:])
