"""Keys are read in every form in which venues give them, sign as the venues ask, and are never shown."""

from __future__ import annotations

import base64
import contextlib
import json
import traceback
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds.credentials import (
    CDP_KEY,
    EXCHANGE_KEY,
    CdpKey,
    CredentialsKind,
    ExchangeKey,
    cdp_key_from_environment,
    exchange_key_from_environment,
    parse_cdp_key_file,
    parse_exchange_key_file,
)
from feedrec.model import NANOSECONDS

NAME = "organizations/11111111-2222/apiKeys/33333333-4444"
NOW = 1_700_000_000 * NANOSECONDS + 987_654_321
NONCE = "0123456789abcdef" * 4

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
SEED = ED_KEY.private_bytes_raw()
PUBLIC = ED_KEY.public_key().public_bytes_raw()


def pem(key: PrivateKey, shape: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, shape, NoEncryption()).decode()


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


SEC1 = pem(EC_KEY, PrivateFormat.TraditionalOpenSSL)
FORMS = {
    "SEC1": (SEC1, "ES256"),
    "EC PKCS8": (pem(EC_KEY), "ES256"),
    "EC with its parameters before it": (
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + SEC1,
        "ES256",
    ),
    "CRLF": (SEC1.replace("\n", "\r\n"), "ES256"),
    "escaped": (SEC1.replace("\n", "\\n"), "ES256"),
    "quoted": ('"' + SEC1.replace("\n", "\\n") + '"\n', "ES256"),
    "Ed25519 PKCS8": (pem(ED_KEY), "EdDSA"),
    "seed": (encoded(SEED), "EdDSA"),
    "seed and public key": (encoded(SEED + PUBLIC), "EdDSA"),
    "seed and public key over two lines": (encoded(SEED + PUBLIC)[:44] + "\n" + encoded(SEED + PUBLIC)[44:], "EdDSA"),
}
NO_KEYS = {
    "empty": "",
    "words": "not a key, but s3cret",
    "P-384": pem(ec.generate_private_key(ec.SECP384R1())),
    "secp256k1": pem(ec.generate_private_key(ec.SECP256K1())),
    "RSA": pem(rsa.generate_private_key(65537, 2048)),
    "encrypted": EC_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode(),
    "public": EC_KEY.public_key().public_bytes(Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
    "cut PEM": SEC1[:100],
    "PEM of noise": "-----BEGIN PRIVATE KEY-----\nbm9pc2Ugc28gc2VjcmV0\n-----END PRIVATE KEY-----",
    "31 bytes": encoded(SEED[1:]),
    "33 bytes": encoded(SEED + b"x"),
    "64 bytes, as an Exchange secret": encoded(bytes(range(64))),
    "cut base64": encoded(SEED)[:-1],
    "not ASCII": "-----BEGIN PRIVATE KEY-----\né\ud800",
}
each_form = pytest.mark.parametrize(("text", "algorithm"), FORMS.values(), ids=FORMS.keys())
each_no_key = pytest.mark.parametrize("text", NO_KEYS.values(), ids=NO_KEYS.keys())


def everything_shown(error: BaseException | None) -> str:
    """Give all that can be read from an error and from what led to it, hidden or not."""
    if error is None:
        return ""
    own = f"{error} {error!r} {error.args} {vars(error)} {getattr(error, 'doc', '')} {getattr(error, 'object', '')}"
    printed = "".join(traceback.format_exception_only(error))
    return own + printed + everything_shown(error.__cause__) + everything_shown(error.__context__)


def refused(call: Callable[..., Any], *args: Any) -> str:
    with pytest.raises(UsageError) as caught:
        call(*args)
    assert "\n" not in str(caught.value)
    return everything_shown(caught.value)


def parts(token: str) -> list[dict[str, Any]]:
    segments = token.split(".")[:2]
    return [json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))) for segment in segments]


@each_form
def test_a_key_signs_in_every_form(text: str, algorithm: str) -> None:
    key = CdpKey(NAME, text)
    assert key.algorithm == algorithm
    token = key.jwt(NOW, NONCE)
    header, claims = parts(token)
    assert list(header.items()) == [("alg", algorithm), ("kid", NAME), ("nonce", NONCE), ("typ", "JWT")]
    assert list(claims.items()) == [("sub", NAME), ("iss", "cdp"), ("nbf", 1_700_000_000), ("exp", 1_700_000_120)]
    public = EC_KEY.public_key() if algorithm == "ES256" else ED_KEY.public_key()
    assert jwt.decode(token, public, algorithms=[algorithm], options={"verify_exp": False}) == claims


@each_form
def test_a_key_knows_the_texts_that_must_not_be_shown(text: str, algorithm: str) -> None:
    key = CdpKey(NAME, text)
    assert {NAME, text} <= set(key.secrets)
    assert all(secret.strip() for secret in key.secrets)
    assert text.replace("\r", "").replace("\n", "\\n").strip('"\\n') in "".join(key.secrets), "as JSON shows it"
    if algorithm == "EdDSA":
        for raw in (SEED, SEED + PUBLIC):
            assert any(secret in encoded(raw) for secret in key.secrets)
    else:
        assert "".join(text.replace("\\n", "\n").strip('"\n').splitlines()[1:-1]) in key.secrets or "PARAM" in text
    for shown in (repr(key), str(key), f"{key}", f"{[key]}"):
        assert not any(secret in shown for secret in key.secrets)


@each_no_key
def test_what_is_no_key_is_refused_without_being_shown(text: str) -> None:
    for call, args in (
        (CdpKey, (NAME, text)),
        (parse_cdp_key_file, (json.dumps({"name": NAME, "privateKey": text}),)),
        (cdp_key_from_environment, ({"COINBASE_API_KEY": NAME, "COINBASE_API_SECRET": text or "x"},)),
    ):
        shown = refused(call, *args)
        assert "private key" in shown or "not JSON" in shown
        assert NAME not in shown
        assert not any(line in shown for line in text.splitlines() if len(line) > 1 and "-----" not in line)


@given(st.text(), st.text())
def test_any_text_is_a_key_or_refused(name: str, text: str) -> None:
    with contextlib.suppress(UsageError):
        CdpKey(name, text)
    with contextlib.suppress(UsageError):
        parse_cdp_key_file(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": NAME, "privateKey": SEC1},
        {"id": NAME, "privateKey": encoded(SEED)},
        {"name": NAME, "privateKey": SEC1, "nickname": "x", "scopes": ["view"], "allowedIps": [], "enabled": True},
        {"name": NAME, "id": "other", "privateKey": SEC1},
        {"name": "", "id": NAME, "privateKey": SEC1},
    ],
)
def test_key_files_of_both_shapes_are_read(fields: dict[str, Any]) -> None:
    for text in (json.dumps(fields), "\ufeff" + json.dumps(fields, indent=2)):
        assert parts(parse_cdp_key_file(text).jwt(NOW, NONCE))[0]["kid"] == NAME


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "not JSON"),
        (SEC1, "not JSON"),
        ('{"privateKey": "s3cret-text', "not JSON"),
        ('["s3cret-text"]', "not JSON"),
        ('{"name": "s3cret-text"}', "not JSON"),
        ('{"name": 5, "privateKey": "s3cret-text"}', "not JSON"),
        ('{"privateKey": "s3cret-text"}', "neither a name nor an id"),
        ('{"name": " ", "privateKey": "s3cret-text"}', "neither a name nor an id"),
        ('{"name": "s3cret-text", "privateKey": "s3cret-text"}', "neither an EC key"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_key_file_is_refused_without_being_shown(text: str, what: str) -> None:
    shown = refused(parse_cdp_key_file, text)
    assert what in shown
    assert "s3cret" not in shown
    assert SEC1.splitlines()[1] not in shown


def test_the_environment_is_read_as_the_official_sdk_names_it() -> None:
    key = cdp_key_from_environment({"COINBASE_API_KEY": NAME, "COINBASE_API_SECRET": SEC1.replace("\n", "\\n")})
    assert key is not None
    assert key.algorithm == "ES256"
    assert cdp_key_from_environment({"PATH": "/"}) is None
    assert cdp_key_from_environment({"COINBASE_API_KEY": "", "COINBASE_API_SECRET": " "}) is None


@pytest.mark.parametrize("kind", [CDP_KEY, EXCHANGE_KEY], ids=["CDP", "Exchange"])
def test_a_missing_variable_is_named(kind: CredentialsKind) -> None:
    for present in kind.variables:
        shown = refused(kind.from_environment, {present: "s3cret"})
        missing = " and ".join(variable for variable in kind.variables if variable != present)
        assert f"{present} is set, but not {missing}; set {missing}" in shown
        assert "s3cret" not in shown


EXCHANGE_SECRET = encoded(bytes(range(64)))
EXCHANGE_FIELDS = {"key": "a1b2c3", "secret": EXCHANGE_SECRET, "passphrase": "pass-word"}


def test_an_exchange_key_signs_as_openssl_does() -> None:
    # printf 1700000000GET/users/self/verify | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001..3f -binary | base64
    assert ExchangeKey(**EXCHANGE_FIELDS).sign(NOW) == {
        "signature": "4w5N81jN+R8BEl+8gu26Lel0jalXF5uTezix+T8v9eY=",
        "key": "a1b2c3",
        "passphrase": "pass-word",
        "timestamp": "1700000000",
    }


def test_exchange_keys_are_read_from_file_and_environment() -> None:
    expected = ExchangeKey(**EXCHANGE_FIELDS).sign(NOW)
    variables = dict(zip(EXCHANGE_KEY.variables, EXCHANGE_FIELDS.values(), strict=True))
    key = exchange_key_from_environment(variables)
    assert key is not None
    assert key.sign(NOW) == expected
    assert parse_exchange_key_file(json.dumps({**EXCHANGE_FIELDS, "nickname": 1})).sign(NOW) == expected
    assert exchange_key_from_environment({}) is None


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"key": ""}, "key of the Exchange API key is empty"),
        ({"passphrase": " "}, "passphrase of"),
        ({"secret": "s3cret"}, "not base64"),
        ({"secret": "s3crét=="}, "not base64"),
        ({"secret": 5}, "not JSON"),
    ],
)
def test_what_is_no_exchange_key_is_refused_without_being_shown(changes: dict[str, Any], what: str) -> None:
    shown = refused(parse_exchange_key_file, json.dumps({**EXCHANGE_FIELDS, **changes}))
    assert what in shown
    assert not any(text in shown for text in ("s3c", EXCHANGE_SECRET, "pass-word", "a1b2c3"))


def test_an_exchange_key_does_not_show_itself() -> None:
    key = ExchangeKey(**EXCHANGE_FIELDS)
    assert set(EXCHANGE_FIELDS.values()) <= set(key.secrets)
    assert not any(secret in f"{key} {key!r}" for secret in key.secrets)


@pytest.mark.parametrize("kind", [CDP_KEY, EXCHANGE_KEY], ids=["CDP", "Exchange"])
def test_a_kind_tells_a_person_what_to_give(kind: CredentialsKind) -> None:
    assert kind.summary
    assert "\n" not in kind.summary + kind.file
    assert kind.from_environment({}) is None
    shown = refused(kind.from_file, "s3cret-text")
    assert "s3cret" not in shown
    for field in ("privateKey",) if kind is CDP_KEY else EXCHANGE_FIELDS:
        assert field in kind.file
        assert field in shown
