"""What of a run must not be recorded or shown, and everything that is recorded or shown without it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from ...errors import UsageError
from .addresses import REDACTED, redact_address, redact_target, secrets_of_address
from .known_secrets import KnownSecrets
from .messages import is_surely_open, redact_json
from .rules import SHORTEST_VALUE, Pattern, matches_path, parse_path, value_pattern
from .secret_keys import is_secret_key
from .texts import hide_telling, redact_plain_message

__all__ = ["Address", "Redaction", "redact_message"]

_SHORTEST_KNOWN = 8
"""Fewest characters of a secret that was found in a message: a shorter one may occur anywhere by chance."""
_LONG = 1 << 12  # characters of a message that is looked at as a whole first
_LONGEST_TEXT = 1 << 20
"""Characters of a text in which secrets are looked for in all the ways in which they may be written."""

_PARTS = re.compile(r"[\s;,=]+")
"""What stands between the parts of the value of a header."""

_PACKET = re.compile(r"\d{1,4}(?:/[^,\[{]*,)?(?=[\[{])", re.ASCII)
"""What Socket.IO writes before the JSON of a message: the type of the packet, a namespace."""


class Redaction:
    """
    What must not be recorded or shown: what the rule of secret keys finds, and what a person names.

    It learns the secrets that it finds, and keeps them out of texts of any kind from then on.

    Args:
        keys: Keys of messages, parameters of addresses and headers whose values are secret; case does not matter.
        paths: Places in messages whose values are secret, such as `$.args[0]`, `args[*]`.
        values: Texts that are secret wherever they stand, each with what a person calls it.
        kept_keys: Keys that are not secret, whatever the rule says.

    Raises:
        UsageError: If a path is none, a value is too short, or a key is both secret and not.

    """

    def __init__(
        self,
        keys: Iterable[str] = (),
        paths: Iterable[str] = (),
        values: Mapping[str, str] | None = None,
        kept_keys: Iterable[str] = (),
    ) -> None:
        self._known = KnownSecrets()
        self._keys = {key.lower(): key for key in keys}
        self._kept = {key.lower() for key in kept_keys}
        self._paths: dict[Pattern, str] = {parse_path(path): path for path in paths}
        self._values: dict[re.Pattern[str], str] = {}
        for name, value in (values or {}).items():
            if len(value) < SHORTEST_VALUE:
                raise UsageError(
                    f"{name} is too short to be redacted: it must have at least {SHORTEST_VALUE} characters"
                )
            self._values[re.compile(value_pattern(value))] = name
            self._known.add(value, for_good=True)
        for key in self._keys.keys() & self._kept:
            raise UsageError(f"the key {self._keys[key]!r} is both to be redacted and not")
        self._unmatched = dict.fromkeys([*self._keys.values(), *self._paths.values(), *self._values.values()])

    @property
    def unmatched(self) -> list[str]:
        """What a person named that nothing has matched so far."""
        return list(self._unmatched)

    @property
    def is_asked_for(self) -> bool:
        """Whether a person named anything that is secret."""
        return bool(self._keys or self._paths or self._values)

    def message(self, payload: bytes) -> bytes:
        """
        Return a text message as it may be recorded.

        All but the secrets stays as it is, byte for byte. If the message is not JSON and there is no telling where a
        secret ends, all of it is replaced.
        """
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            text = payload.decode("latin-1")
            shown = redact_plain_message(text, self.is_secret)
            return payload if self._without_values(shown or "") == text else json.dumps(REDACTED).encode()
        if len(text) > _LONG and self._is_surely_open(text):
            return payload
        start = _PACKET.match(text)
        shown = redact_json(text, self)
        if shown is None and start is not None and (rest := redact_json(text[start.end() :], self)) is not None:
            shown = start[0] + rest
        if shown is None:
            shown = redact_plain_message(text, self.is_secret)
        shown = json.dumps(REDACTED) if shown is None else self._without_values(shown)
        return payload if shown == text else shown.encode()

    def is_surely_open(self, payload: bytes) -> bool:
        """Return whether a text message certainly stays as it is; many times quicker than `message`, if it is long."""
        try:
            return self._is_surely_open(payload.decode())
        except UnicodeDecodeError:
            return False

    def _is_surely_open(self, text: str) -> bool:
        return not self._paths and is_surely_open(text, self)

    def address(self, url: str) -> str:
        """Return an address as it may be recorded and shown; see `redact_address`."""
        return self._without_values(redact_address(url, self.is_secret))

    def target(self, target: str) -> str:
        """Return what a request asks for, a path with its query, likewise."""
        return redact_target(target, self.address)

    def text(self, text: str) -> str:
        """
        Return a text for people, such as a line of the log, without any secret that is known by now.

        It may be a venue's: the longer it is, the less is looked for that a venue might write in another way anyhow.
        """
        if len(text) > _LONGEST_TEXT:
            return self._known.plainly_hidden_in(text)
        return self.hide(self._known.hidden_in(text))

    def details(self, value: Any) -> Any:
        """Return the details of an event, or parameters of a subscription, without secret keys, and texts as `text`."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: REDACTED if self.is_secret(key) else self.details(inner) for key, inner in value.items()}
        return [self.details(inner) for inner in value] if isinstance(value, list | tuple) else value

    def learn(self, secret: str, *, for_good: bool = False) -> None:
        """Keep a secret out of texts from now on; unless `for_good`, until enough newer ones are known."""
        for one in {secret, *_PARTS.split(secret)}:  # of "Bearer abc..." or "a=abc...; b", the venue may say a part
            if len(one) >= _SHORTEST_KNOWN:
                self._known.add(one, for_good=for_good)

    def learn_from(self, url: str, headers: Mapping[str, str], *, for_good: bool = True) -> None:
        """Learn the secrets of a handshake or another request: of its address, and of its further headers."""
        for secret in secrets_of_address(url, self.is_secret):
            self.learn(secret, for_good=for_good)
        for name, value in headers.items():
            self._without_values(value)  # a value that a person named may be in no message
            if self.is_secret(name):
                self.learn(value, for_good=for_good)

    def is_secret(self, key: str) -> bool:
        """Return whether the values of a key, a parameter or a header are secret."""
        name = key.lower()
        if name in self._keys:
            self._unmatched.pop(self._keys[name], None)
            return True
        return name not in self._kept and is_secret_key(key)

    def is_secret_path(self, path: Sequence[str | int]) -> bool:
        """Return whether a person named a path."""
        found = [name for pattern, name in self._paths.items() if matches_path(pattern, path)]
        for name in found:
            self._unmatched.pop(name, None)
        return bool(found)

    def is_kept(self, key: str) -> bool:
        """Return whether a person said that a key is not secret."""
        return key.lower() in self._kept

    def hide(self, text: str) -> str:
        """Return a text without the texts that a person named, and without what is a secret by its form."""
        return hide_telling(self._without_values(text), self.is_secret)

    def _without_values(self, text: str) -> str:
        for pattern, name in self._values.items():
            text, count = pattern.subn(REDACTED, text)
            if count:
                self._unmatched.pop(name, None)
        return text


def redact_message(payload: bytes) -> bytes:
    """Return a message as it may be recorded, by the rule of secret keys alone; see `Redaction.message`."""
    return Redaction().message(payload)


class Address(str):
    """
    An address that knows what of it is secret.

    Args:
        url: The address.
        redaction: Tells.

    Attributes:
        redaction: As above.

    """

    __slots__ = ("redaction",)

    redaction: Redaction

    def __new__(cls, url: str, redaction: Redaction | None = None) -> Self:
        """Create it; one that knows already is not asked again."""
        address = super().__new__(cls, url)
        known = url.redaction if isinstance(url, Address) else Redaction()
        address.redaction = redaction or known
        return address

    @property
    def shown(self) -> str:
        """It as it may be recorded and shown."""
        return self.redaction.address(self)
