"""
A private key and its certificates as PEM files.

They are checked here, not left to OpenSSL: its errors name neither the file nor what is wrong with it, and it asks on
the terminal for the password of a key.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ...errors import UsageError

__all__ = ["Chain", "parse_key_and_chain", "read_key_and_chain"]

_LARGEST = 1 << 20  # bytes of a file; chains have some thousands


class Chain(NamedTuple):
    """
    Certificates: that of the server first, then those that vouch for it.

    Attributes:
        certificates: At least one.

    """

    certificates: tuple[x509.Certificate, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names and addresses that the first one is for (RFC 5280, 4.2.1.6), in lower case; `*.x` as it stands."""
        try:
            found = self.certificates[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
            return frozenset()
        addresses = found.get_values_for_type(x509.IPAddress)
        return frozenset([name.lower() for name in found.get_values_for_type(x509.DNSName)] + [*map(str, addresses)])

    @property
    def begins(self) -> dt.datetime:
        """From when all of them are valid."""
        return max(one.not_valid_before_utc for one in self.certificates)

    @property
    def ends(self) -> dt.datetime:
        """Until when all of them are valid."""
        return min(one.not_valid_after_utc for one in self.certificates)

    @property
    def authority(self) -> bytes:
        """The last one, as PEM: what a client has to trust."""
        return self.certificates[-1].public_bytes(Encoding.PEM)

    def is_issued_in_order(self) -> bool:
        """Return whether each one is signed by the next, and the last one by itself."""
        try:
            for one, issuer in zip(self.certificates, (*self.certificates[1:], self.certificates[-1]), strict=True):
                one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


def read_key_and_chain(cert: Path, key: Path) -> Chain:
    """
    Read and check certificates and the private key of the first one; both may be in the same file.

    Raises:
        UsageError: If a file cannot be read, or they do not belong together.

    """
    return parse_key_and_chain(_read(cert), _read(key), cert, key)


def parse_key_and_chain(cert_text: bytes, key_text: bytes, cert: Path, key: Path) -> Chain:
    """
    Do the same with what was read; the paths are for errors.

    Raises:
        UsageError: If the texts are not what they should be, or do not belong together.

    """
    try:
        certificates = x509.load_pem_x509_certificates(cert_text)
        own = certificates[0].public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise UsageError(f"{cert}: not a certificate (PEM: BEGIN CERTIFICATE)") from None
    try:
        private = load_pem_private_key(key_text, None)
    except TypeError:
        raise UsageError(f"{key}: the private key has a password; remove it with `openssl pkey`") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{key}: no private key (PEM: BEGIN PRIVATE KEY); name its file with --tls-key") from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != own.public_bytes(*form):
        raise UsageError(f"{key}: not the private key of the first certificate in {cert}")
    return Chain(tuple(certificates))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if len(text) > _LARGEST:
        raise UsageError(f"{path}: too large for a certificate or a key")
    return text
