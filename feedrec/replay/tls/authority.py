"""
An authority that can vouch for a few hosts only, and its one certificate. Pure.

Whoever trusts an authority trusts every certificate that it signs. So this one

1. is confined to its hosts by name constraints (RFC 5280, section 4.2.1.10), which clients check, and to TLS servers;
2. signs once: its private key is never written anywhere, and gone when the certificate is made. What is left is the key
   of that certificate. If it is stolen, the thief can pass for those hosts, and no other, to those who trust this.

The price is that another host, or another year, takes another authority.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["LIFETIME", "OWN_HOSTS", "make_key_and_chain"]

LIFETIME = dt.timedelta(days=365)
"""How long both are valid."""

OWN_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""This machine, for which they always are."""

_BACKDATED = dt.timedelta(hours=1)  # the clock of a container or a virtual machine may be a little behind

_Builder = x509.CertificateBuilder


def make_key_and_chain(hosts: Iterable[str], now: dt.datetime) -> bytes:
    """
    Make an authority and a certificate for some hosts.

    Args:
        hosts: Names and addresses, besides those of this machine.
        now: The time, with a zone.

    Returns:
        PEM: the private key of the certificate, the certificate, the authority.

    """
    names = [_as_name(host) for host in sorted(OWN_HOSTS | set(hosts))]
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    number = x509.random_serial_number()
    issuer = _subject(f"feedrec replay authority {number:x}"[:48])  # a name of its own: old and new may be trusted
    authority = _authority(issuer, authority_key.public_key(), names)
    own = _certificate(key.public_key(), authority_key.public_key(), names)
    start = (now - _BACKDATED).replace(microsecond=0)
    signed = [
        builder.issuer_name(issuer)
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(start + LIFETIME)
        .sign(authority_key, SHA256())
        for builder, serial in ((own, x509.random_serial_number()), (authority, number))
    ]
    return b"".join(
        [
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            *(certificate.public_bytes(Encoding.PEM) for certificate in signed),
        ]
    )


def _authority(subject: x509.Name, key: ec.EllipticCurvePublicKey, names: list[x509.GeneralName]) -> _Builder:
    constraints = x509.NameConstraints([_subtree(name) for name in names], None)
    return (
        _Builder()
        .subject_name(subject)
        .public_key(key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(constraints, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key), critical=False)
    )


def _certificate(
    key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePublicKey, names: list[x509.GeneralName]
) -> _Builder:
    return (
        _Builder()
        .subject_name(_subject("feedrec replay"))
        .public_key(key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _as_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _subtree(name: x509.GeneralName) -> x509.GeneralName:
    """Return what permits a name: an address is permitted as a network of one (RFC 5280)."""
    return x509.IPAddress(ipaddress.ip_network(name.value)) if isinstance(name, x509.IPAddress) else name
