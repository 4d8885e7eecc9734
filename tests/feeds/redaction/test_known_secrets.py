"""Secrets that are known are kept out of texts, however they are written there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.redaction.addresses import REDACTED
from feedrec.feeds.redaction.known_secrets import KnownSecrets
from feedrec.feeds.redaction.rules import value_pattern

# Characters that begin escapes, are parts of them, or may be written in several ways.
CHARACTERS = 'aAbu0f416%\\/+ "\nä😀'
PLAIN = CHARACTERS.replace("%", "").replace("\\", "")  # of an escaped escape, the first character is one by itself
SECRETS = st.lists(st.text(CHARACTERS, min_size=4, max_size=8), min_size=1, max_size=3, unique=True)

FORMS: list[Callable[[str], str]] = [
    str,
    quote,
    quote_plus,
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    lambda text: "".join(f"\\u{ord(one):04x}" if ord(one) < 1 << 16 else json.dumps(one)[1:-1] for one in text),
    lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
]


def known(*secrets: str) -> KnownSecrets:
    found = KnownSecrets()
    for secret in secrets:
        found.add(secret, for_good=True)
    return found


@given(SECRETS, st.data())
def test_a_secret_is_hidden_in_whatever_way_it_is_written(secrets: list[str], data: st.DataObject) -> None:
    """As the pattern finds it that has all the ways of all secrets."""
    pieces = st.sampled_from(secrets).flatmap(lambda one: st.sampled_from(FORMS).map(lambda form: form(one)))
    text = "".join(data.draw(st.lists(pieces | st.text(CHARACTERS, max_size=4), max_size=6)))
    shown = known(*secrets).hidden_in(text)
    pattern = re.compile("|".join(map(value_pattern, sorted(secrets, key=len, reverse=True))))
    assert pattern.search(shown) is None
    if pattern.search(text) is None:
        assert shown == text
    else:
        assert REDACTED in shown


@given(st.text(PLAIN, min_size=4, max_size=12), st.sampled_from(FORMS), st.text("xyz"), st.text("xyz"))
def test_what_stands_around_a_secret_stays(secret: str, form: Callable[[str], str], before: str, after: str) -> None:
    assert known(secret).hidden_in(before + form(secret) + after) == f"{before}{REDACTED}{after}"


def test_a_token_in_each_of_many_requests_takes_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    """To make one takes as long as a hundred requests."""
    made: list[str] = []
    monkeypatch.setattr("feedrec.feeds.redaction.known_secrets.value_pattern", made.append)
    secrets = KnownSecrets()
    for number in range(100):
        token = f"eyJ0b2tlbi{number}.{'x' * 700}"
        secrets.add(f"Bearer {token}", for_good=False)
        secrets.add(token, for_good=False)
        assert secrets.hidden_in(f"/a%20b?x={token}&y=\\u0061") == f"/a%20b?x={REDACTED}&y=\\u0061"
    assert made == []
    assert len(secrets) < 30
