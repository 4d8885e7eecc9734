"""A private key and its certificates as PEM files."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.replay.tls.authority import make_key_and_chain
from feedrec.replay.tls.key_and_chain import parse_key_and_chain, read_key_and_chain

TEXT = make_key_and_chain(["venue.example"], dt.datetime.now(dt.UTC))
KEY, _, CERTIFICATES = TEXT.partition(b"-----BEGIN CERTIFICATE")
CERTIFICATES = b"-----BEGIN CERTIFICATE" + CERTIFICATES
OTHER = make_key_and_chain([], dt.datetime.now(dt.UTC))
ENCRYPTED = load_pem_private_key(KEY, None).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
)
CERT_FILE, KEY_FILE = Path("cert.pem"), Path("key.pem")


@pytest.mark.parametrize("text", [TEXT, CERTIFICATES + KEY, b"a comment\n" + TEXT])
def test_key_and_certificates_may_stand_in_one_file_in_any_order(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_bytes(text)
    chain = read_key_and_chain(tmp_path / "x.pem", tmp_path / "x.pem")
    assert len(chain.certificates) == 2
    assert "venue.example" in chain.names
    assert chain.is_issued_in_order()


def test_an_order_in_which_nobody_vouches_is_seen() -> None:
    own, authority = CERTIFICATES.split(b"-----END CERTIFICATE-----\n")[:2]
    end = b"-----END CERTIFICATE-----\n"
    alien = b"-----BEGIN CERTIFICATE" + OTHER.split(b"-----BEGIN CERTIFICATE")[2]
    assert parse_key_and_chain(own + end + authority + end, KEY, CERT_FILE, KEY_FILE).is_issued_in_order()
    for text in (own + end, own + end + alien):
        assert not parse_key_and_chain(text, KEY, CERT_FILE, KEY_FILE).is_issued_in_order()


@pytest.mark.parametrize(
    ("certificates", "key", "problem"),
    [
        (b"", KEY, "cert.pem: not a certificate"),
        (b"\x00\xff", KEY, "cert.pem: not a certificate"),
        (KEY, KEY, "cert.pem: not a certificate"),
        (CERTIFICATES[:200], KEY, "cert.pem: not a certificate"),
        (CERTIFICATES.replace(b"A", b"B"), KEY, "cert.pem: not a certificate"),
        (CERTIFICATES, b"", "key.pem: no private key"),
        (CERTIFICATES, CERTIFICATES, "key.pem: no private key"),
        (CERTIFICATES, OTHER, "key.pem: not the private key of the first certificate in cert.pem"),
        (CERTIFICATES, ENCRYPTED, "key.pem: the private key has a password"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(certificates: bytes, key: bytes, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as error:
        parse_key_and_chain(certificates, key, CERT_FILE, KEY_FILE)
    assert "\n" not in str(error.value)


@given(st.binary() | st.binary().map(lambda junk: TEXT[:300] + junk + TEXT[300:]))
def test_it_never_raises_anything_else(text: bytes) -> None:
    with contextlib.suppress(UsageError):
        parse_key_and_chain(text, text, CERT_FILE, KEY_FILE)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "large.pem").write_bytes(b"x" * (1 << 21))
    for name, problem in (("none.pem", "No such file"), (".", "Is a directory"), ("large.pem", "too large")):
        with pytest.raises(UsageError, match=problem):
            read_key_and_chain(tmp_path / name, tmp_path / name)
