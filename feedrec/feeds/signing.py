"""
Private and public keys as PyJWT and cryptography know them.

Importing this loads both, so it is imported only when there is a key.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["SigningKey", "VerifyingKey", "signing_key", "verifying_key"]

_SEED_BYTES = 32
"""Length of an Ed25519 seed, and of a public key (RFC 8032, 5.1.5)."""


class SigningKey:
    """
    A private key.

    Attributes:
        algorithm: `ES256` or `EdDSA` (RFC 7518, 3.4; RFC 8037).

    """

    __slots__ = ("_key", "algorithm")

    def __init__(self, key: EllipticCurvePrivateKey | Ed25519PrivateKey) -> None:
        self._key = key
        self.algorithm = "EdDSA" if isinstance(key, Ed25519PrivateKey) else "ES256"

    def jwt(self, claims: dict[str, Any], headers: Mapping[str, str]) -> str:
        """Return the signed token of these claims; `headers` are added to `alg` and `typ`."""
        return jwt.encode(claims, self._key, algorithm=self.algorithm, headers=dict(headers))

    def public_text(self) -> str:
        """Return the public key as PEM."""
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()

    def base64_forms(self) -> tuple[str, ...]:
        """Return the base64 forms in which an Ed25519 key is passed around; none for an EC key, which is always PEM."""
        if not isinstance(self._key, Ed25519PrivateKey):
            return ()
        seed, public = _raw(self._key)
        forms = [encode(raw).decode() for raw in (seed, seed + public) for encode in _ENCODINGS]
        return tuple(dict.fromkeys(form.rstrip("=") for form in forms))


class VerifyingKey:
    """
    A public key.

    Attributes:
        algorithm: `ES256` or `EdDSA`: the only algorithm that it accepts, whatever a token claims.

    """

    __slots__ = ("_key", "algorithm")

    def __init__(self, key: EllipticCurvePublicKey | Ed25519PublicKey) -> None:
        self._key = key
        self.algorithm = "EdDSA" if isinstance(key, Ed25519PublicKey) else "ES256"

    def accepts(self, token: str) -> bool:
        """Tell whether this key signed a token in compact form. Never raises."""
        try:
            jwt.PyJWS().decode(token, self._key, algorithms=[self.algorithm])
        except (jwt.PyJWTError, ValueError, RecursionError):
            return False
        return True


_ENCODINGS = (base64.b64encode, base64.urlsafe_b64encode)


def signing_key(text: str) -> SigningKey | None:
    """
    Read a private key: EC on P-256 as SEC1 or PKCS8 PEM, Ed25519 as PKCS8 PEM or base64 of seed or seed and public key.

    Returns:
        None if the text is none of these. Nothing is raised, since an exception or its cause might reveal the key.

    """
    try:
        key = _private_pem(text) if "-----BEGIN" in text else _private_raw(text)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it is encrypted
        return None
    if isinstance(key, Ed25519PrivateKey) or (
        isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)
    ):
        return SigningKey(key)
    return None


def verifying_key(text: str) -> VerifyingKey | None:
    """Read a public key, EC on P-256 or Ed25519, as PEM; None if the text is neither."""
    try:
        key = serialization.load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    if isinstance(key, Ed25519PublicKey) or (
        isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    ):
        return VerifyingKey(key)
    return None


def _private_pem(text: str) -> object:
    return serialization.load_pem_private_key(text.encode(), password=None)


def _private_raw(text: str) -> Ed25519PrivateKey | None:
    raw = base64.b64decode("".join(text.split()), validate=True)
    if len(raw) not in {_SEED_BYTES, 2 * _SEED_BYTES}:
        return None
    key = Ed25519PrivateKey.from_private_bytes(raw[:_SEED_BYTES])
    # Exchange's secrets are base64 of 64 bytes too: they must not be mistaken for such a key.
    return key if raw[_SEED_BYTES:] in {b"", _raw(key)[1]} else None


def _raw(key: Ed25519PrivateKey) -> tuple[bytes, bytes]:
    return key.private_bytes_raw(), key.public_key().public_bytes_raw()
