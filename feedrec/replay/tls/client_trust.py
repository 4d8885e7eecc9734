"""
What makes clients trust an authority: variables of their environment, and lists of authorities with ours in them.

| variable | read by | the list in it |
|---|---|---|
| SSL_CERT_FILE | OpenSSL: Python's ssl with websockets, aiohttp, websocket-client; httpx; Go; rustls | replaces |
| REQUESTS_CA_BUNDLE | requests | replaces |
| CURL_CA_BUNDLE | curl, and requests if the one before is not set | replaces |
| NODE_EXTRA_CA_CERTS | Node | is added |
"""

from __future__ import annotations

import ssl
from pathlib import Path

__all__ = ["ADDED", "REPLACED", "read_list", "system_list"]

REPLACED = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a list which replaces that of the client."""

ADDED = "NODE_EXTRA_CA_CERTS"
"""One that names a list which is added to that of the client."""

# Debian, Arch; Fedora; openSUSE; Alpine, macOS. For a Python whose OpenSSL was built to look elsewhere.
_USUAL_LISTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def system_list() -> bytes:
    """Return the authorities that this system trusts, PEM; empty if there is no list of them."""
    usual = (ssl.get_default_verify_paths().openssl_cafile, *_USUAL_LISTS)
    return next((text for path in usual if (text := read_list(Path(path)))), b"")


def read_list(path: Path) -> bytes:
    """Return a list of authorities, PEM; empty if there is none, or it cannot be read."""
    try:
        text = path.read_bytes()
    except (OSError, ValueError):
        return b""
    if b"-----BEGIN CERTIFICATE-----" not in text:
        return b""
    return text if text.endswith(b"\n") else text + b"\n"
