"""
Other ids in place of those of orders, trades, users and accounts: the same one for the same, wherever it stands.

What an id becomes follows from a random key, which is written nowhere, so that nothing leads back.

- A UUID (RFC 9562) becomes one of the same version.
- Of digits, and of numbers, a kind of id keeps the differences: to each, one random number is added.
- Any other text keeps its length, and of each character what it is: digit, hexadecimal digit, small or capital letter.
"""

from __future__ import annotations

import hashlib
import re

from ...model import FrameInfo
from .frame_change import FrameChange, IdKeys

__all__ = ["AnonymousFrames", "AnonymousIds"]

_LEAST, _MOST = 10**8, 10**9  # what is added to numbers
_MOST_DIGITS = 19
_REDACTED = "[redacted]"
_DIGITS, _HEX, _SMALL = "0123456789", "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LEAST_BASE58 = 32  # characters of an address or a signature

_is_uuid = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch
_is_hex = re.compile(r"(?:0x)?(?:[0-9a-f]{8,}|[0-9A-F]{8,})").fullmatch
_uuids = re.compile(rb"(?<![0-9a-zA-Z-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-zA-Z-])")
_is_product = re.compile(rb"[A-Z0-9]+(?:-[A-Z0-9]+)+").fullmatch
_strings = re.compile(rb'"((?:[^"\\]|\\.)*)"')


class AnonymousIds:
    """
    What ids become.

    Args:
        key: Random bytes.

    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._added: dict[str, int] = {}

    def added(self, kind: str) -> int:
        """Return what is added to numbers of a kind."""
        if kind not in self._added:
            number = int.from_bytes(self._bytes(f"added to {kind}", 16), "big")
            self._added[kind] = _LEAST + number % (_MOST - _LEAST)
        return self._added[kind]

    def of(self, kind: str, text: str) -> str:
        """Return what an id becomes; an empty one, and one that was redacted, stays."""
        if not text or text == _REDACTED:
            return text
        if text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS:
            return str(int(text) + self.added(kind)).zfill(len(text))
        if _is_uuid(text):
            return self._uuid(text)
        prefix = text[:2] if text[:2] == "0x" else ""
        body = text[len(prefix) :]
        noise = self._bytes(text, len(body))
        if _is_hex(text):
            made = "".join(_HEX[byte % 16] for byte in noise)
            return prefix + (made.upper() if body != body.lower() else made)
        if len(body) >= _LEAST_BASE58 and not set(body) - set(_BASE58):
            return "".join(_BASE58[byte % 58] for byte in noise)
        return prefix + "".join(map(_like, body, noise))

    def in_uuids(self, text: bytes) -> bytes:
        """Return a text with other UUIDs, wherever they stand."""
        return _uuids.sub(lambda found: self._uuid(found[0].decode()).encode(), text)

    def _uuid(self, text: str) -> str:
        made = self._bytes(text.lower(), 16).hex()
        places = iter(made)
        other = "".join("-" if char == "-" else next(places) for char in text)
        other = f"{other[:14]}{text[14]}{other[15:19]}{text[19]}{other[20:]}"
        return other.upper() if text != text.lower() else other

    def _bytes(self, text: str, count: int) -> bytes:
        return hashlib.shake_256(self._key + text.encode(errors="replace")).digest(count)


def _like(char: str, byte: int) -> str:
    if char in _DIGITS:
        return _DIGITS[byte % 10]
    if char in _SMALL:
        return _SMALL[byte % 26]
    return _SMALL[byte % 26].upper() if char in _SMALL.upper() else char


class AnonymousFrames(FrameChange):
    """
    The frames of one connection with other ids; every byte around them stays.

    Args:
        ids: What ids become, for all connections.
        keys: Where they are.

    """

    def __init__(self, ids: AnonymousIds, keys: IdKeys) -> None:
        self.missed = 0
        self._ids = ids
        self._keys = keys
        names = "|".join(map(re.escape, keys.keys))
        value = rb'"(?:[^"\\]|\\.)*"|\d+(?![\d.eE])|\[[^\[\]{}]*\]'
        self._found = re.compile(rb'(?<!\\)"(%b)"(\s*:\s*)(%b)' % (names.encode(), value))

    def received(self, payload: bytes, info: FrameInfo, *, in_sequence: bool) -> bytes | None:  # noqa: ARG002
        """Return a frame with other ids; see `FrameChange`."""
        return self._changed(payload)

    def sent(self, payload: bytes) -> bytes:
        """Return a message of the client with other ids; see `FrameChange`."""
        return self._changed(payload)

    def event(self, line: bytes) -> bytes:
        """Return the line of an event, or of a header, or a body, with other ids; see `FrameChange`."""
        return self._ids.in_uuids(self._found.sub(self._with_other, line))

    def gap(self, expected: int, received: int, channel: str | None = None) -> tuple[int, int]:
        """Return the numbers of a gap in what is counted by ids; see `FrameChange`."""
        kind = self._keys.counted.get(channel or "")
        added = 0 if kind is None else self._ids.added(kind)
        return expected + added, received + added

    reset = gap

    def _changed(self, payload: bytes) -> bytes:
        start = payload.lstrip()[:1]
        if start == b"{":
            return self._found.sub(self._with_other, payload)
        if start == b"[" and self._keys.rows:
            return self._ids.in_uuids(payload)
        self.missed += 1
        return payload

    def _with_other(self, found: re.Match[bytes]) -> bytes:
        name, colon, value = found.groups()
        kind = self._keys.keys[name.decode()]
        if value[:1] == b'"':
            other = b'"%b"' % self._of(kind, value[1:-1])
        elif value[:1] == b"[":
            other = _strings.sub(lambda text: b'"%b"' % self._of_listed(kind, text[1]), value)
        else:
            other = b"%d" % (int(value) + self._ids.added(kind)) if len(value) <= _MOST_DIGITS else value
        return b'"%b"%b%b' % (name, colon, other)

    def _of(self, kind: str, text: bytes) -> bytes:
        """Return what an id becomes; of several with commas, each."""
        if b"\\" in text:  # no id has anything to escape
            return b"x" * len(text.replace(b"\\", b""))
        parts = text.decode(errors="replace").split(",")
        return ",".join(self._ids.of(kind, part) for part in parts).encode()

    def _of_listed(self, kind: str, text: bytes) -> bytes:
        """Return what an entry of an array becomes: where ids are listed, names of products may be too."""
        return text if _is_product(text) and not _uuids.search(text) else self._of(kind, text)
