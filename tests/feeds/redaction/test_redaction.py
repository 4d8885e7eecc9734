"""All that must not be recorded or shown of one run: named and found, in messages, addresses, headers and texts."""

from __future__ import annotations

import pytest

from feedrec.errors import UsageError
from feedrec.feeds.redaction import REDACTED, Redaction


def test_a_secret_that_was_found_is_in_no_text_from_then_on() -> None:
    """In a message, in an address, in a header; also as part of a header, and as it stands in addresses and in JSON."""
    redaction = Redaction()
    redaction.message(b'{"apiKey":"from-a-message","auth":{"a":["deep/in/it"]},"b":"not this one"}')
    redaction.learn_from(
        "wss://us%65r-name:pa%73sword1@h/?token=in-an-address#fragment-1",
        {"Authorization": "Bearer in-a-header", "Cookie": "a=in-a-cookie; b=1", "X-Plan": "plan-basic-1"},
    )
    secrets = ("from-a-message", "deep/in/it", "deep%2Fin%2fit", r"deep\/in\/it", "pa%73sword1", "in-an-address")
    for secret in (
        *secrets,
        "user-name",
        "password1",
        "fragment-1",
        "in-a-header",
        "Bearer in-a-header",
        "in-a-cookie",
    ):
        assert redaction.text(f"the venue says <{secret}>") == "the venue says <[redacted]>"
    assert redaction.text("not this one, plan-basic-1") == "not this one, plan-basic-1"


def test_a_short_secret_is_not_looked_for_in_texts() -> None:
    redaction = Redaction()
    redaction.message(b'{"apiKey":"BTC"}')
    assert redaction.text("BTC-USD") == "BTC-USD"


def test_details_lose_secret_keys_and_texts() -> None:
    redaction = Redaction(values={"v": "s3cret"})
    details = {"reason": "bad s3cret", "code": 1, "token": "x", "list": ["s3cret", {"key": 1}], "none": None}
    assert redaction.details(details) == {
        "reason": "bad [redacted]",
        "code": 1,
        "token": "[redacted]",
        "list": ["[redacted]", {"key": "[redacted]"}],
        "none": None,
    }


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (b'{"id":"a s3/cret b","s3/cret":1}', b'{"id":"a [redacted] b","[redacted]":1}'),
        (rb'{"id":"s3\/cr\u0065t"}', b'{"id":"[redacted]"}'),
        (b'["s3%2Fcret"]', b'["[redacted]"]'),
        (b"say s3/cret", b"say [redacted]"),
        (b'{"pin":12345678,"n":123456789}', b'{"pin":"[redacted]","n":"[redacted]"}'),
        (b"\xff s3/cret", b'"[redacted]"'),
    ],
)
def test_a_text_that_a_person_named_is_nowhere_in_a_message(message: bytes, shown: bytes) -> None:
    redaction = Redaction(values={"v": "s3/cret", "w": "12345678"})
    assert redaction.message(message) == shown


def test_what_has_matched_nothing_is_known() -> None:
    """By the names that a person used; a match in a message, an address or a header counts."""
    redaction = Redaction(["Who", "x-plan", "none"], ["$.args[0]", "$.args[1]"], {"a file": "s3cret", "b": "s3cret2"})
    assert redaction.is_asked_for
    redaction.message(b'{"args":[1],"WHO":"me"}')
    redaction.address("wss://h/s3cret/")
    redaction.learn_from("wss://h", {"X-Plan": "plan-basic-1"})
    assert redaction.unmatched == ["none", "$.args[1]", "b"]
    assert redaction.text("plan-basic-1") == "[redacted]"
    assert not Redaction(kept_keys=["key"]).is_asked_for


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"values": {"value:env:X": "abc"}}, "value:env:X is too short to be redacted: it must have at least 4"),
        ({"paths": ["$x"]}, "is not a path"),
        ({"keys": ["Key"], "kept_keys": ["key"]}, "the key 'Key' is both to be redacted and not"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, dict[str, str]], text: str) -> None:
    with pytest.raises(UsageError, match=text) as caught:
        Redaction(**options)
    assert "abc" not in str(caught.value)


def test_in_a_very_long_text_secrets_are_found_as_they_are() -> None:
    redaction = Redaction(values={"v": "s3/cret"})
    redaction.message(b'{"apiKey":"found-api-key"}')
    text = redaction.text("x" * (1 << 20) + "found-api-key s3/cret")
    assert text.endswith("x[redacted] [redacted]")


def test_what_was_sent_long_ago_is_forgotten_but_not_what_is_known_for_good() -> None:
    """Each request of a feed that reconnects for months has a signature of its own."""
    redaction = Redaction(values={"--redact": "named-by-a-person"})
    redaction.learn("the-api-secret", for_good=True)
    for number in range(200):
        redaction.learn(f"signature-{number:04d}")
    told = redaction.text("named-by-a-person the-api-secret signature-0199 signature-0000")
    assert told == f"{REDACTED} {REDACTED} {REDACTED} signature-0000"
    assert len(redaction._known) < 100


def test_a_secret_that_is_sent_again_and_again_stays_known() -> None:
    redaction = Redaction()
    for number in range(200):
        redaction.learn("the-passphrase")
        redaction.learn(f"signature-{number:04d}")
    assert redaction.text("the-passphrase") == REDACTED


def test_the_target_of_a_request_is_hidden_as_in_an_address() -> None:
    redaction = Redaction()
    assert redaction.target("/v1/map?limit=2&api_key=abc") == "/v1/map?limit=2&api_key=[redacted]"
    assert redaction.target("/v1/map?limit=2") == "/v1/map?limit=2"
    assert redaction.target("//evil/x") == "//evil/x"
    assert redaction.target("*") == "*"
    assert redaction.target("x:y/") == "[redacted]"
