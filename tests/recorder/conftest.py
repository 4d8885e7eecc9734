"""Fixtures of the recorder's tests: the name of a recording, and a certificate for a venue."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the name of a recording that does not exist yet."""
    return tmp_path / "recording.jsonl.zst"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate for `localhost` that is its own authority, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + signed.public_bytes(serialization.Encoding.PEM)
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(pem)
    return path


@pytest.fixture(scope="session")
def server_tls(certificate: Path) -> ssl.SSLContext:
    """Return what a server needs to be `wss://localhost`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted_tls(server_tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return the same, with the certificate among those that clients trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return server_tls


@pytest.fixture(params=["ws", "wss"])
def tls(request: pytest.FixtureRequest) -> ssl.SSLContext | None:
    """Run a test without TLS, and with it."""
    if request.param == "ws":
        return None
    context = request.getfixturevalue("trusted_tls")
    assert isinstance(context, ssl.SSLContext)
    return context
