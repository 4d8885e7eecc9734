"""API keys are read wherever a person may put them, checked as asked for, and never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.errors import UsageError
from feedrec.feeds.api_key import CMC_KEY, ApiKey, cmc_key_from_environment, parse_api_key_file
from feedrec.feeds.auth import Auth, parse_auth_key
from feedrec.feeds.credentials import ExchangeKey

KEY = "b54bcf4d-1bca-4e8e-9a24-22ff2c3d462c"


@pytest.mark.parametrize(
    "text", [KEY, f"{KEY}\n", f'"{KEY}"\r\n', f"\ufeff{KEY}", json.dumps({"key": KEY, "name": "mine"})]
)
def test_a_file_holds_the_key_alone_or_as_json(text: str) -> None:
    assert parse_api_key_file(text).key == KEY
    assert CMC_KEY.from_file(text).secrets == (KEY,)


@pytest.mark.parametrize("text", ["", "  \n", "s3cret two", "s3cret\nsecond", "{s3cret", '{"k": "s3cret"}', "s3crét"])
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_api_key_file(text)
    assert "s3c" not in f"{caught.value!r}{caught.value.__context__!r}{caught.value.__cause__!r}"


def test_the_environment_holds_the_key() -> None:
    found = cmc_key_from_environment({"CMC_PRO_API_KEY": f" {KEY} "})
    assert found is not None
    assert found.key == KEY


@pytest.mark.parametrize("environment", [{}, {"CMC_PRO_API_KEY": ""}])
def test_without_the_variable_there_is_no_key(environment: dict[str, str]) -> None:
    assert cmc_key_from_environment(environment) is None


def test_a_variable_that_is_no_key_is_named_and_not_shown() -> None:
    with pytest.raises(UsageError, match=r"^CMC_PRO_API_KEY: the API key contains spaces or is not ASCII") as caught:
        cmc_key_from_environment({"CMC_PRO_API_KEY": "s3cret two"})
    assert "s3cret" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_a_key_does_not_show_itself() -> None:
    assert KEY not in f"{ApiKey(KEY)!r}{ApiKey(KEY)}"


@pytest.mark.parametrize(
    ("mode", "key", "refusal"),
    [
        ("none", None, None),
        ("any", None, "it has no API key"),
        ("any", "", "it has no API key"),
        ("any", "whatever", None),
        ("strict", None, "it has no API key"),
        ("strict", "whatever", "its API key is a different one"),
        ("strict", KEY, None),
    ],
)
def test_a_handshake_is_checked_as_the_mode_says(mode: Any, key: str | None, refusal: str | None) -> None:
    auth = Auth(mode, now=lambda: 0, keys=[ApiKey(KEY)] if mode == "strict" else [])
    assert auth.check_api_key(key) == refusal


def test_without_an_api_key_to_compare_none_is_accepted_strictly() -> None:
    auth = Auth("strict", now=lambda: 0, keys=[ExchangeKey("k", "c2VjcmV0", "p")])
    assert auth.check_api_key(KEY) == "its API key cannot be checked: no API key was given"


def test_two_api_keys_to_check_against_are_one_too_many() -> None:
    with pytest.raises(UsageError, match="two keys of one kind"):
        Auth("strict", now=lambda: 0, keys=[ApiKey(KEY), ApiKey("another")])


@pytest.mark.parametrize("text", [KEY, json.dumps({"key": KEY})])
def test_an_api_key_to_check_against_is_read_from_its_file(text: str) -> None:
    key = parse_auth_key(text)
    assert isinstance(key, ApiKey)
    assert key.key == KEY
