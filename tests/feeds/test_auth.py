"""What clients send is checked as a venue would, and the reason for a refusal shows nothing of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds.auth import AUTH_MODES, SIGNATURE_WINDOW, Auth, AuthMode, PublicKey, parse_auth_key
from feedrec.feeds.credentials import JWT_LIFE, CdpKey, ExchangeKey
from feedrec.model import NANOSECONDS

NAME = "organizations/11111111-2222/apiKeys/33333333-4444"
SECOND = 1_700_000_000
NOW = SECOND * NANOSECONDS
NONCE = "0123456789abcdef" * 4

EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
CLAIMS: dict[str, Any] = {"sub": NAME, "iss": "cdp", "nbf": SECOND, "exp": SECOND + JWT_LIFE}


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


KEYS = {"ES256": CdpKey(NAME, pem(EC_KEY)), "EdDSA": CdpKey(NAME, pem(ED_KEY))}
EXCHANGE = ExchangeKey("a1b2c3", base64.b64encode(bytes(range(64))).decode(), "pass-word")
each_key = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())


def strict(key: CdpKey | ExchangeKey, *, now: int = NOW, name: str | None = None) -> Auth:
    check_against = key if isinstance(key, ExchangeKey) else PublicKey(key.public_key_text(), name)
    return Auth("strict", now=lambda: now, keys=[check_against])


def base64url(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: object, **header: object) -> str:
    """Give a token that the Ed25519 key signs, whatever is in it."""
    text = f"{base64url({'alg': 'EdDSA', 'kid': NAME, **header})}.{base64url(claims)}"
    return f"{text}.{base64url(ED_KEY.sign(text.encode()))}"


@each_key
def test_strict_takes_what_the_client_half_signs(key: CdpKey) -> None:
    token = key.jwt(NOW, NONCE)
    assert strict(key).check_jwt(token) is None
    assert strict(key, name=NAME).check_jwt(token) is None
    assert strict(key, name="other").check_jwt(token) == "its jwt names another key"


@each_key
@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (NOW - 1, "not valid before 1 s from now"),
        (NOW, None),
        (NOW + JWT_LIFE * NANOSECONDS - 1, None),
        (NOW + JWT_LIFE * NANOSECONDS, "expired 0 s ago"),
        (NOW + (JWT_LIFE + 5) * NANOSECONDS, "expired 5 s ago"),
    ],
)
def test_a_jwt_lives_two_minutes_of_wall_time(key: CdpKey, now: int, reason: str | None) -> None:
    refusal = strict(key, now=now).check_jwt(key.jwt(NOW, NONCE))
    assert refusal is None if reason is None else reason in str(refusal)


@each_key
@given(data=st.data())
def test_no_bit_of_a_jwt_can_be_changed(key: CdpKey, data: st.DataObject) -> None:
    token = bytearray(key.jwt(NOW, NONCE).encode())
    position = data.draw(st.integers(0, len(token) - 1))
    token[position] ^= 1 << data.draw(st.integers(0, 6))
    assert strict(key).check_jwt(token.decode()) in {
        "its jwt is malformed",
        f"its jwt is not signed with {key.algorithm}, the algorithm of the key",
        "its jwt is signed with another key, or was altered",
    }


@each_key
def test_every_last_character_but_the_right_one_is_refused(key: CdpKey) -> None:
    """The last one has bits that no decoder uses."""
    token = key.jwt(NOW, NONCE)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="
    accepted = [last for last in alphabet if strict(key).check_jwt(token[:-1] + last) is None]
    assert accepted == [token[-1]]


@each_key
def test_what_is_added_to_a_jwt_or_cut_from_it_is_refused(key: CdpKey) -> None:
    token = key.jwt(NOW, NONCE)
    other = key.jwt(NOW + NANOSECONDS, NONCE)
    header, claims, signature = token.split(".")
    for changed in (
        *(f"{token}{more}" for more in ("=", ".", " ", "\n", "A", ".e30")),
        *(token[:length] for length in range(len(token))),
        f"{header}.{other.split('.')[1]}.{signature}",
        f"{header}.{claims}.",
        f"{header}.{claims}",
        f" {token}",
        f"{header}=.{claims}.{signature}",
    ):
        assert strict(key).check_jwt(changed)


def test_a_jwt_of_another_key_is_refused() -> None:
    strangers = (CdpKey(NAME, pem(ec.generate_private_key(ec.SECP256R1()))), KEYS["EdDSA"])
    reasons = [strict(KEYS["ES256"]).check_jwt(key.jwt(NOW, NONCE)) for key in strangers]
    assert reasons == [
        "its jwt is signed with another key, or was altered",
        "its jwt is not signed with ES256, the algorithm of the key",
    ]


@each_key
def test_no_jwt_chooses_its_own_algorithm(key: CdpKey) -> None:
    auth = strict(key)
    for name in ("none", "None", "", key.algorithm):
        assert auth.check_jwt(f"{base64url({'alg': name, 'kid': NAME})}.{base64url(CLAIMS)}.")
    public = key.public_key_text()
    for secret in (public, public.strip(), public.replace("\n", "")):
        for name in ("HS256", key.algorithm):
            text = f"{base64url({'alg': name, 'kid': NAME, 'typ': 'JWT'})}.{base64url(CLAIMS)}"
            forged = f"{text}.{base64url(hmac.digest(secret.encode(), text.encode(), hashlib.sha256))}"
            assert auth.check_jwt(forged)


@each_key
@pytest.mark.parametrize("nonce", ["0123456789abcdef" * 2, hashlib.sha256(b"1700000000").hexdigest()])
def test_both_nonces_that_the_venue_documents_are_taken(key: CdpKey, nonce: str) -> None:
    """Sixteen random bytes in hexadecimal, or a SHA-256."""
    assert strict(key).check_jwt(key.jwt(NOW, nonce)) is None


@pytest.mark.parametrize("issuer", ["cdp", "coinbase-cloud"])
def test_both_issuers_that_the_venue_documents_are_taken(issuer: str) -> None:
    assert strict(KEYS["EdDSA"]).check_jwt(signed({**CLAIMS, "iss": issuer})) is None


def test_further_claims_and_fractions_of_seconds_are_taken() -> None:
    claims = {**CLAIMS, "nbf": SECOND - 0.5, "exp": SECOND + 0.5, "aud": ["x"], "uri": "GET /", "iat": SECOND}
    assert strict(KEYS["EdDSA"]).check_jwt(signed(claims, typ="JWT", nonce="1")) is None
    assert strict(KEYS["EdDSA"], now=NOW + NANOSECONDS).check_jwt(signed(claims))


@pytest.mark.parametrize(
    ("changes", "header", "reason"),
    [
        ({"iss": "s3cret"}, {}, "an iss that is neither cdp nor coinbase-cloud"),
        ({"sub": "s3cret"}, {}, "the sub of its jwt differs from the kid"),
        ({}, {"kid": "s3cret"}, "the sub of its jwt differs from the kid"),
        ({}, {"crit": ["s3cret"], "s3cret": 1}, "extension (crit)"),
        ({}, {"crit": []}, "extension (crit)"),
        ({}, {"kid": 5}, "malformed"),
        ({}, {"alg": ["EdDSA"]}, "malformed"),
        ({"sub": None}, {}, "malformed"),
        ({"iss": ["cdp"]}, {}, "malformed"),
        ({"nbf": "s3cret"}, {}, "malformed"),
        ({"exp": True}, {}, "malformed"),
        ({"exp": None}, {}, "malformed"),
        ({"exp": -1}, {}, "malformed"),
        ({"exp": 10**400}, {}, "malformed"),
        ({"exp": float("inf")}, {}, "malformed"),
        ({"exp": 1e300}, {}, "malformed"),
        ({"nbf": SECOND + 1}, {}, "not valid before 1 s"),
        ({"exp": SECOND}, {}, "expired 0 s ago"),
        ({"exp": 0}, {}, "expired 1700000000 s ago"),
    ],
)
def test_a_signed_jwt_with_wrong_claims_is_refused(
    changes: dict[str, Any], header: dict[str, Any], reason: str
) -> None:
    refusal = strict(KEYS["EdDSA"]).check_jwt(signed({**CLAIMS, **changes}, **header))
    assert refusal is not None
    assert reason in refusal
    assert "s3cret" not in refusal


@pytest.mark.parametrize("name", ["sub", "iss", "nbf", "exp"])
def test_a_signed_jwt_without_a_claim_is_refused(name: str) -> None:
    claims = {claim: value for claim, value in CLAIMS.items() if claim != name}
    assert strict(KEYS["EdDSA"]).check_jwt(signed(claims)) == "its jwt is malformed"


@pytest.mark.parametrize("claims", [[], None, 5, b"\xff", b"[" * 100_000, b"", b'{"sub":"\\ud800"}'])
def test_a_signed_jwt_of_something_else_is_refused(claims: object) -> None:
    assert strict(KEYS["EdDSA"]).check_jwt(signed(claims)) == "its jwt is malformed"


def now_signed(**changes: object) -> dict[str, object]:
    return {**EXCHANGE.sign(NOW), **changes}


def test_strict_takes_what_an_exchange_key_signs() -> None:
    assert strict(EXCHANGE).check_exchange({"type": "subscribe", **now_signed()}) is None


@pytest.mark.parametrize("text", ["1700000000.987654", "1699999971.0", "1700000029.9999999", "1700000030"])
def test_a_timestamp_may_have_decimals(text: str) -> None:
    message = now_signed(timestamp=text, signature=EXCHANGE.signature(text))
    assert strict(EXCHANGE).check_exchange(message) is None


def test_a_timestamp_may_be_a_number() -> None:
    for number in (SECOND, SECOND + 0.25):
        message = now_signed(timestamp=number, signature=EXCHANGE.signature(str(number)))
        assert strict(EXCHANGE).check_exchange(message) is None


@pytest.mark.parametrize("side", [-1, 1])
def test_an_exchange_signature_lives_thirty_seconds(side: int) -> None:
    window = SIGNATURE_WINDOW * NANOSECONDS
    assert strict(EXCHANGE, now=NOW + side * window).check_exchange(now_signed()) is None
    late = strict(EXCHANGE, now=NOW + side * (window + 1)).check_exchange(now_signed())
    assert late is not None
    assert late.startswith(f"its timestamp is 30 s {'behind' if side > 0 else 'ahead of'} the clock")


def test_an_exchange_signature_may_be_by_the_clock_of_the_venue_too() -> None:
    """A client that asked the venue for its time signs by that; in a replay it is the recorded one."""
    auth, year = strict(EXCHANGE), 365 * 86_400 * NANOSECONDS
    past = EXCHANGE.sign(NOW - year)
    assert auth.check_exchange(past) is not None
    at_that_time = auth.also_at(NOW - year + SIGNATURE_WINDOW * NANOSECONDS)
    assert at_that_time.check_exchange(past) is None
    assert at_that_time.check_exchange(now_signed()) is None
    assert at_that_time.check_exchange(EXCHANGE.sign(NOW - year - NANOSECONDS)) is not None
    assert auth.check_exchange(past) is not None


def test_an_exchange_signature_is_of_the_request_that_it_came_with() -> None:
    fields = now_signed(signature=EXCHANGE.signature(str(SECOND), b"GET/accounts"), timestamp=str(SECOND))
    assert strict(EXCHANGE).check_exchange(fields, b"GET/accounts") is None
    assert strict(EXCHANGE).check_exchange(fields, b"GET/orders") == "its signature is wrong"
    assert strict(EXCHANGE).check_exchange(fields) == "its signature is wrong"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": "s3cret"}, "its key is wrong"),
        ({"passphrase": "s3crét \ud800"}, "its passphrase is wrong"),
        ({"signature": "s3cret"}, "its signature is wrong"),
        ({"timestamp": "1700000001"}, "its signature is wrong"),
        ({"timestamp": "1700000000.0"}, "its signature is wrong"),
        ({"timestamp": "s3cret"}, "its timestamp is not in seconds"),
        ({"timestamp": "1700000000000"}, "its timestamp is not in seconds"),
        ({"timestamp": "2023-11-14T22:13:20Z"}, "its timestamp is not in seconds"),
        ({"timestamp": "-1700000000"}, "its timestamp is not in seconds"),
        ({"timestamp": "१७००००००००"}, "its timestamp is not in seconds"),  # digits, but not these
        ({"timestamp": "1700000000\n"}, "its timestamp is not in seconds"),
        ({"timestamp": float("nan")}, "it has no timestamp"),
        ({"timestamp": 10**5000}, "it has no timestamp"),
        ({"timestamp": True}, "it has no timestamp"),
        ({"signature": 5, "key": None}, "it has no signature, no key"),
        ({"passphrase": ["s3cret"]}, "it has no passphrase"),
    ],
)
def test_a_wrong_exchange_message_is_refused(changes: dict[str, object], reason: str) -> None:
    refusal = strict(EXCHANGE).check_exchange(now_signed(**changes))
    assert refusal is not None
    assert refusal.startswith(reason)
    assert "s3cr" not in refusal


@given(st.sampled_from(["signature", "key", "passphrase"]), st.data())
def test_no_character_of_an_exchange_message_can_be_changed(name: str, data: st.DataObject) -> None:
    right = str(now_signed()[name])
    position = data.draw(st.integers(0, len(right) - 1))
    other = data.draw(st.characters().filter(lambda character: character != right[position]))
    changed = right[:position] + other + right[position + 1 :]
    assert strict(EXCHANGE).check_exchange(now_signed(**{name: changed})) == f"its {name} is wrong"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
AUTHS = [
    Auth("any", now=lambda: NOW),
    Auth("strict", now=lambda: NOW, keys=[EXCHANGE, PublicKey(KEYS["ES256"].public_key_text())]),
]


@given(
    ANYTHING | st.text(alphabet="ey.-_=A{\ud800", min_size=1),
    st.dictionaries(st.sampled_from(list(now_signed())), ANYTHING),
)
def test_whatever_a_client_sends_nothing_is_raised(token: object, message: dict[str, object]) -> None:
    lenient, exact = AUTHS
    assert (lenient.check_jwt(token) is None) == (isinstance(token, str) and token != "")
    assert exact.check_jwt(token) is not None
    assert exact.check_exchange(message) is not None
    lenient.check_exchange(message)


def test_any_takes_what_is_present_and_refuses_what_is_not() -> None:
    auth = Auth("any", now=lambda: NOW)
    assert auth.check_jwt("x") is None
    assert auth.check_jwt(None) == auth.check_jwt("") == "it has no jwt"
    assert auth.check_exchange({"signature": "x", "key": "x", "passphrase": "x", "timestamp": "x"}) is None
    assert auth.check_exchange({"key": "x"}) == "it has no signature, no passphrase, no timestamp"


def test_none_needs_nothing() -> None:
    auth = Auth("none", now=lambda: NOW)
    assert auth.check_jwt(None) is None
    assert auth.check_jwt(5) is None
    assert auth.check_exchange({}) is None


def test_strict_refuses_what_it_has_no_key_for() -> None:
    assert strict(EXCHANGE).check_jwt(KEYS["ES256"].jwt(NOW, NONCE)) == (
        "its jwt cannot be checked: no public key was given"
    )
    assert strict(KEYS["ES256"]).check_exchange(now_signed()) == (
        "its signature cannot be checked: no Exchange key was given"
    )


@pytest.mark.parametrize(("mode", "keys"), [("strict", 0), ("any", 1), ("none", 1), ("strict", 2), ("lenient", 0)])
def test_a_mode_and_its_keys_must_fit(mode: AuthMode, keys: int) -> None:
    with pytest.raises(UsageError):
        Auth(mode, now=lambda: NOW, keys=[EXCHANGE] * keys)


def test_the_modes_are_those_of_the_command_line() -> None:
    assert AUTH_MODES == ("any", "none", "strict")


@each_key
def test_a_key_to_check_against_is_read_from_any_file(key: CdpKey) -> None:
    private = pem(EC_KEY if key.algorithm == "ES256" else ED_KEY)
    token = key.jwt(NOW, NONCE)
    for text, name in (
        (key.public_key_text(), None),
        (private, None),
        (json.dumps({"name": NAME, "privateKey": private}), NAME),
        ("\ufeff\n" + json.dumps({"id": NAME, "privateKey": private}, indent=1), NAME),
    ):
        public = parse_auth_key(text)
        assert isinstance(public, PublicKey)
        assert public.name == name
        assert Auth("strict", now=lambda: NOW, keys=[public]).check_jwt(token) is None
        assert NAME not in f"{public!r}{public}"


def test_an_exchange_key_to_check_against_is_read_from_its_file() -> None:
    secret = base64.b64encode(bytes(range(64))).decode()
    key = parse_auth_key(json.dumps({"key": "a1b2c3", "secret": secret, "passphrase": "pass-word"}))
    assert isinstance(key, ExchangeKey)
    assert strict(key).check_exchange(now_signed()) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s3cret",
        "[]",
        '{"s3cret": 1}',
        '{"privateKey": "s3cret"}',
        '{"passphrase": "s3cret"}',
        "-----BEGIN PUBLIC KEY-----\ns3cret\n-----END PUBLIC KEY-----",
        "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----",
        "{" * 100_000,
    ],
)
def test_what_is_no_key_to_check_against_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_auth_key(text)
    assert "s3cret" not in f"{caught.value!r}{caught.value.__context__!r}{caught.value.__cause__!r}"
