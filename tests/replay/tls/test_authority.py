"""An authority that can vouch for a few hosts only."""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from feedrec.replay.tls import authority
from feedrec.replay.tls.authority import LIFETIME, OWN_HOSTS, make_key_and_chain
from feedrec.replay.tls.key_and_chain import Chain, parse_key_and_chain
from feedrec.replay.tls.tls_context import TlsFiles, open_tls

from ...timing import HANG_TIMEOUT
from .handshakes import handshake, strict_client

VENUE = "advanced-trade-ws.coinbase.com"
NOW = dt.datetime(2026, 11, 26, 3, 0, tzinfo=dt.UTC)


def made(*hosts: str, now: dt.datetime = NOW) -> tuple[bytes, Chain]:
    text = make_key_and_chain(hosts, now)
    return text, parse_key_and_chain(text, text, Path("x"), Path("x"))


def test_the_certificate_is_for_the_hosts_and_this_machine() -> None:
    _, chain = made(VENUE, "192.168.1.5")
    assert chain.names == {VENUE, "192.168.1.5", "localhost", "127.0.0.1", "::1"} == OWN_HOSTS | {VENUE, "192.168.1.5"}


def test_the_authority_is_confined_to_them_and_may_sign_no_other_authority() -> None:
    _, chain = made(VENUE, "192.168.1.5")
    found = chain.certificates[1].extensions
    constraints = found.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    permitted = constraints.value.permitted_subtrees or []
    assert {one.value for one in permitted} == {
        VENUE,
        "localhost",
        *map(ipaddress.ip_network, ("127.0.0.1/32", "::1/128", "192.168.1.5/32")),
    }
    basic = found.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    usage = found.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.key_cert_sign, usage.value.digital_signature) == (True, True, False)


def test_both_are_valid_for_one_year_and_already_a_little_before() -> None:
    _, chain = made(VENUE)
    for certificate in chain.certificates:
        assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == LIFETIME == dt.timedelta(days=365)
    assert dt.timedelta() < NOW - chain.begins < dt.timedelta(days=1)


def test_the_key_of_the_authority_is_not_in_the_output() -> None:
    """One private key, that of the certificate, on the curve P-256."""
    text, chain = made(VENUE)
    assert text.count(b"PRIVATE KEY-----") == 2  # begin and end
    keys = [certificate.public_key() for certificate in chain.certificates]
    assert [isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name for key in keys] == ["secp256r1"] * 2
    assert keys[0] != keys[1]


def test_two_authorities_have_different_names() -> None:
    """Clients that trust the old one and the new one tell them apart."""
    assert made(VENUE)[1].certificates[1].subject != made(VENUE)[1].certificates[1].subject


@pytest.mark.parametrize("host", [VENUE, "localhost", "127.0.0.1", "::1"])
def test_a_strict_client_accepts_it_for_its_hosts(host: str, tmp_path: Path) -> None:
    text, chain = made(VENUE, now=dt.datetime.now(dt.UTC))
    (tmp_path / "x.pem").write_bytes(text)
    handshake(strict_client(chain.authority), open_tls(TlsFiles(tmp_path / "x.pem")).context, host)


@pytest.mark.parametrize("host", ["example.com", "coinbase.com", "127.0.0.2"])
def test_a_client_refuses_it_for_others(host: str, tmp_path: Path) -> None:
    text, chain = made(VENUE, now=dt.datetime.now(dt.UTC))
    (tmp_path / "x.pem").write_bytes(text)
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(strict_client(chain.authority), open_tls(TlsFiles(tmp_path / "x.pem")).context, host)


def signed_by_a_thief(tmp_path: Path, name: x509.GeneralName) -> tuple[Path, Path]:
    """Make the authority as it is made, but keep its key, and sign a certificate for another name; give both files."""
    key, names = ec.generate_private_key(ec.SECP256R1()), [x509.DNSName(VENUE), x509.DNSName("localhost")]
    issuer, now = authority._subject("authority"), dt.datetime.now(dt.UTC)
    builders = [
        authority._certificate(key.public_key(), key.public_key(), [name]),
        authority._authority(issuer, key.public_key(), [*names, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
    ]
    files = (tmp_path / "other.pem", tmp_path / "authority.pem")
    for builder, file in zip(builders, files, strict=True):
        dated = builder.issuer_name(issuer).not_valid_before(now).not_valid_after(now + LIFETIME)
        certificate = dated.serial_number(x509.random_serial_number()).sign(key, SHA256())
        file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return files


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
@pytest.mark.parametrize(
    ("name", "is_accepted"),
    [
        (x509.DNSName(VENUE), True),
        (x509.DNSName("example.com"), False),
        (x509.DNSName("advanced-trade-ws.coinbase.com.example.com"), False),
        (x509.IPAddress(ipaddress.ip_address("127.0.0.1")), True),
        (x509.IPAddress(ipaddress.ip_address("192.0.2.1")), False),
        (x509.IPAddress(ipaddress.ip_address("2001:db8::1")), False),
    ],
)
def test_what_it_signs_for_other_hosts_is_rejected(
    name: x509.GeneralName, *, is_accepted: bool, tmp_path: Path
) -> None:
    """Even if its key had been stolen before it was forgotten."""
    other, trusted = signed_by_a_thief(tmp_path, name)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", str(trusted), str(other)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_TIMEOUT, check=False)
    assert (done.returncode == 0) == is_accepted, done.stderr
    assert is_accepted or "permitted subtree violation" in done.stderr
