"""Secrets in messages that are JSON: where they stand, and the message without them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Protocol

from .addresses import REDACTED
from .json_text import Replacement, Value, is_json, parse, replaced
from .secret_keys import is_login, may_tell_of_login
from .texts import begins_with_parameter, redact_plain_message

__all__ = ["SecretRules", "is_surely_open", "redact_json"]

_OPERATION_KEYS = {
    *("a", "action", "ch", "channel", "cmd", "command", "e", "endpoint", "event", "m", "messagetype", "method", "msg"),
    *("msgtype", "name", "op", "operation", "path", "req", "request", "service", "t", "target", "type"),
}
"""Keys whose value names what a message asks for."""

_OPERAND_KEYS = {"arg", "args", "arguments", "body", "data", "param", "params", "payload", "value", "values"}
"""Keys of what it asks with: `{"action":"auth","params":"KEY"}`."""

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"\s*:?')
_STRING_OF_JSON = re.compile(r'"\s*[{\[]')

_SHOWN = json.dumps(REDACTED)
_HARMLESS = frozenset({"null", "true", "false", _SHOWN})
_DEEPEST = 4  # JSON in a string in JSON in a string ...

Path = Sequence[str | int]


class SecretRules(Protocol):
    """What is secret."""

    def is_secret(self, key: str) -> bool:
        """Return whether the values of a key are."""

    def is_secret_path(self, path: Path) -> bool:
        """Return whether the value at a path is."""

    def is_kept(self, key: str) -> bool:
        """Return whether what a login has under a key is not."""

    def hide(self, text: str) -> str:
        """Return the text of a value without what is secret in it by itself."""

    def learn(self, secret: str) -> None:
        """Take note of a secret."""


def is_surely_open(text: str, rules: SecretRules) -> bool:
    """
    Return whether a JSON text has nothing that `redact_json` replaces, as one look at all of it tells.

    It may have nothing and this is false. It takes a tenth of the time, since no value is looked at by itself. Only for
    rules without secret paths.

    Args:
        text: The message.
        rules: What is secret.

    """
    if _STRING_OF_JSON.search(text) is not None or not is_json(text):
        return False
    strings = _STRING.findall(text)
    escaped = [_said(one) for one in strings if "\\" in one]
    names = {_said(one) for one in strings if one[-1] == ":"}
    return (
        not any(map(rules.is_secret, names))
        and not any(one.lstrip().startswith(("{", "[")) for one in escaped)
        and not ((escaped or may_tell_of_login(text)) and _may_be_login(text, strings))
        and not begins_with_parameter(text, rules.is_secret)
        and all(rules.hide(one) == one for one in (text, *escaped))
    )


def _said(string: str) -> str:
    """Return what a string says as `_STRING` finds it, perhaps with the colon behind a key."""
    return str(json.loads(string.rstrip(": \t\n\r"))) if "\\" in string else string[1:].partition('"')[0]


def _may_be_login(text: str, strings: Sequence[str]) -> bool:
    """Return whether any of the strings of a JSON text may be what `_bare_of_login` takes for the name of a login."""
    first = strings[:1] if text.lstrip().startswith("[") else []
    named = [value for key, value in pairwise(strings) if key[-1] == ":" and _said(key).lower() in _OPERATION_KEYS]
    return any(is_login(_said(one)) for one in (*first, *named))


def redact_json(text: str, rules: SecretRules, depth: int = 0) -> str | None:
    """
    Return a JSON text with its secrets replaced, and all else as it is written; None if it is not JSON.

    Secret are the values of secret keys, whatever they are and contain, except null, true and false; the values at
    secret paths; and what a login has without keys: `{"op":"auth","args":["KEY",1,"SIGN"]}`. A string may be JSON.

    Args:
        text: The message.
        rules: What is secret.
        depth: In how many strings this text is.

    """
    top = parse(text)
    if top is None:
        return None
    replacements: list[Replacement] = []
    for value in top.walk():
        is_named = value.key is not None and rules.is_secret(value.key)
        is_placed = depth == 0 and rules.is_secret_path(value.path)
        value.is_secret = value.is_secret or is_named or is_placed
        if value.is_secret:
            _learn(value, text, rules)
            shown = value.in_text(text) if value.in_text(text) in _HARMLESS else _SHOWN
        else:
            for bare in _bare_of_login(value, text, rules):
                bare.is_secret = True
            shown = _without_inner(value, text, rules, depth)
        if value.is_secret or value.values is None:
            replacements.append((value.start, value.end, shown))
    return replaced(text, replacements)


def _without_inner(value: Value, text: str, rules: SecretRules, depth: int) -> str:
    """Return what a value that is not secret says, without what is secret in it."""
    written, string = value.in_text(text), value.string(text)
    if string is None:
        return written if value.values is not None or rules.hide(written) == written else _SHOWN
    inner: str | None = string
    if string.lstrip().startswith(("{", "[")):
        inner = redact_json(string, rules, depth + 1) if depth < _DEEPEST else None
        inner = redact_plain_message(string, rules.is_secret) if inner is None else inner
    shown = REDACTED if inner is None else rules.hide(inner)
    return written if shown == string else json.dumps(shown)


def _bare_of_login(value: Value, text: str, rules: SecretRules) -> Iterator[Value]:
    """Yield what stands without a key of its own in a login."""
    members = value.values or []
    if text[value.start] == "[":
        if members and not value.path and is_login(members[0].string(text) or ""):
            yield from _bare(members[1:], text)
        return
    if not any(_names_login(member, text) for member in members):
        return
    for member in members:
        key = (member.key or "").lower()
        if rules.is_kept(key) or key in _OPERATION_KEYS:
            continue
        if member.values is None:
            if key in _OPERAND_KEYS:
                yield member
        elif text[member.start] == "[":
            yield from _bare(member.values, text)


def _bare(values: Sequence[Value], text: str) -> Iterator[Value]:
    for value in values:
        if value.values is None:
            yield value
        elif text[value.start] == "[":
            yield from _bare(value.values, text)


def _names_login(member: Value, text: str) -> bool:
    return (member.key or "").lower() in _OPERATION_KEYS and is_login(member.string(text) or "")


def _learn(value: Value, text: str, rules: SecretRules) -> None:
    value.is_secret = False  # so that what it contains is walked over
    for inner in value.walk():
        if (string := inner.string(text)) is not None:
            rules.learn(string)
    value.is_secret = True
