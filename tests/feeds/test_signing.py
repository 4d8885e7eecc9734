"""Keys sign and check as the RFCs' own examples do."""

from __future__ import annotations

import base64
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256K1,
    SECP256R1,
    SECP384R1,
    EllipticCurve,
    EllipticCurvePublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from feedrec.feeds.signing import signing_key, verifying_key

from ..timing import HANG_TIMEOUT

# RFC 8037, A.1 and A.4.
ED25519_SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
ED25519_PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
ED25519_TOKEN = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)
# RFC 7515, A.3.
ES256_X = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
ES256_Y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
ES256_TOKEN = (
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pem(key: object) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()  # type: ignore[attr-defined,no-any-return]


def es256_pem() -> str:
    x, y = (int.from_bytes(raw(number), "big") for number in (ES256_X, ES256_Y))
    return pem(EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key())


def ed25519_pem() -> str:
    return pem(Ed25519PublicKey.from_public_bytes(raw(ED25519_PUBLIC)))


@pytest.mark.parametrize(
    ("text", "token"), [(es256_pem(), ES256_TOKEN), (ed25519_pem(), ED25519_TOKEN)], ids=["ES256", "EdDSA"]
)
def test_the_tokens_of_the_rfcs_are_accepted_and_no_others(text: str, token: str) -> None:
    key = verifying_key(text)
    assert key is not None
    assert key.accepts(token)
    header, payload, signature = token.split(".")
    assert not key.accepts(f"{header}.{payload}A.{signature}")
    assert not key.accepts(f"{header}.{payload}.")
    assert not any(key.accepts(text) for text in ("", ".", "..", "\ud800", "é.é.é", ED25519_TOKEN + "A"))


def test_the_seed_of_the_rfc_has_the_public_key_of_the_rfc() -> None:
    seed = raw(ED25519_SEED)
    key = signing_key(base64.b64encode(seed).decode())
    assert key is not None
    assert key.public_text() == ed25519_pem()
    assert raw(ED25519_PUBLIC) in [raw(form)[32:] for form in key.base64_forms()]


@pytest.mark.parametrize("header", ['{"alg":' + "[" * 100_000, "[]", '{"alg":["EdDSA"]}', "{}", "\xff"])
def test_a_token_with_a_hostile_header_is_not_accepted(header: str) -> None:
    key = verifying_key(ed25519_pem())
    assert key is not None
    encoded = base64.urlsafe_b64encode(header.encode("latin-1")).rstrip(b"=").decode()
    assert not key.accepts(f"{encoded}.e30.AAAA")


@pytest.mark.parametrize("text", ["", "-----BEGIN PUBLIC KEY-----", "é", "-----BEGIN X-----\n-----END X-----"])
def test_what_is_no_key_is_none(text: str) -> None:
    assert signing_key(text) is None
    assert verifying_key(text) is None


@pytest.mark.parametrize("curve", [SECP384R1(), SECP256K1()], ids=lambda curve: curve.name)
def test_a_public_key_on_another_curve_is_none(curve: EllipticCurve) -> None:
    assert verifying_key(pem(generate_private_key(curve).public_key())) is None


def test_cryptography_is_loaded_when_a_key_is_at_hand_and_not_before() -> None:
    code = (
        "import sys, feedrec.feeds.auth, feedrec.feeds.credentials, feedrec.feeds.redaction;"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=HANG_TIMEOUT
    )
    assert "feedrec" in loaded.stdout.split()
    assert {"cryptography", "jwt"} & set(loaded.stdout.split()) == set()
