"""Tokens are those that the official SDK of Coinbase makes, and those of the SDK pass the strict check."""

from __future__ import annotations

import base64
import time
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from feedrec.feeds.auth import Auth, PublicKey
from feedrec.feeds.credentials import CdpKey
from feedrec.model import NANOSECONDS

jwt_generator = pytest.importorskip(
    "coinbase.jwt_generator", reason="coinbase-advanced-py is not installed: make test-interop"
)

NAME = "organizations/11111111-2222/apiKeys/33333333-4444"
NOW = 1_700_000_000 * NANOSECONDS + 999_999_999
NONCE = "0123456789abcdef" * 4


def forms() -> dict[str, str]:
    """Give a private key in every form that the SDK takes."""
    curve_key, edwards_key = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    seed, public = edwards_key.private_bytes_raw(), edwards_key.public_key().public_bytes_raw()
    sec1 = curve_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    return {
        "SEC1": sec1,
        "EC PKCS8": curve_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "Ed25519 PKCS8": edwards_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "seed": base64.b64encode(seed).decode(),
        "seed and public key": base64.b64encode(seed + public).decode() + "\n",
    }


FORMS = forms()
each_form = pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())


@each_form
def test_a_token_is_the_one_that_the_sdk_makes(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwt_generator, "time", SimpleNamespace(time=lambda: NOW / NANOSECONDS - 1e-6))
    monkeypatch.setattr(jwt_generator, "secrets", SimpleNamespace(token_hex=lambda: NONCE))
    key = CdpKey(NAME, text)
    ours, theirs = key.jwt(NOW, NONCE), jwt_generator.build_ws_jwt(NAME, text)
    if key.algorithm == "EdDSA":
        assert ours == theirs
    else:  # an ECDSA signature is another one each time
        assert ours.rsplit(".", 1)[0] == theirs.rsplit(".", 1)[0]
    auth = Auth("strict", now=lambda: NOW, keys=[PublicKey(key.public_key_text(), NAME)])
    assert auth.check_jwt(ours) is auth.check_jwt(theirs) is None


@each_form
def test_a_token_of_the_sdk_passes_at_the_time_it_is_made(text: str) -> None:
    token = jwt_generator.build_ws_jwt(NAME, text)
    auth = Auth("strict", now=time.time_ns, keys=[PublicKey(CdpKey(NAME, text).public_key_text(), NAME)])
    assert auth.check_jwt(token) is None
    assert auth.check_jwt(jwt_generator.build_ws_jwt("another", text)) == "its jwt names another key"
