"""No secret of an address is recorded or shown."""

from __future__ import annotations

import pytest

from feedrec.recorder.redaction import REDACTED, Address, redact_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://host", "wss://host"),
        ("wss://host:9000/path?a=1&b=2", "wss://host:9000/path?a=1&b=2"),
        ("wss://user:secret@host/path", "wss://host/path"),
        ("wss://user:s@ec@host:1/", "wss://host:1/"),
        ("wss://user@[::1]:1/", "wss://[::1]:1/"),
        ("wss://host/?CMC_PRO_API_KEY=s", "wss://host/?CMC_PRO_API_KEY=[redacted]"),
        ("wss://host/?a=1&listenKey=s&b=2", "wss://host/?a=1&listenKey=[redacted]&b=2"),
        ("wss://host/?access_token=s==&jwt=s", "wss://host/?access_token=[redacted]&jwt=[redacted]"),
        ("wss://host/?signature=s&passphrase=s", "wss://host/?signature=[redacted]&passphrase=[redacted]"),
        ("wss://host/?a=1;secret=s;t", "wss://host/?a=1;secret=[redacted]"),
        ("wss://host/?key=", "wss://host/?key=[redacted]"),
        ("wss://host/?credential=s#token=s", "wss://host/?credential=[redacted]"),
        ("wss://host/path#s", "wss://host/path"),
        ("wss://host/?sig=s&pwd=s&hmac=s", "wss://host/?sig=[redacted]&pwd=[redacted]&hmac=[redacted]"),
        (
            "wss://host/?creds=s&session_id=s&nonce=s",
            "wss://host/?creds=[redacted]&session_id=[redacted]&nonce=[redacted]",
        ),
    ],
)
def test_what_is_shown_of_an_address(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@pytest.mark.parametrize("url", ["wss://user:secret@[host", "wss://user:secret"])
def test_nothing_is_shown_of_what_is_no_address(url: str) -> None:
    assert redact_url(url) == REDACTED


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://host/?ticket=s&depth=5", "wss://host/?ticket=[redacted]&depth=5"),
        ("wss://host/?depth=5&TICKET=s", "wss://host/?depth=5&TICKET=[redacted]"),
        ("wss://host/?a%20b=s&ticket", "wss://host/?a%20b=[redacted]&ticket"),
        ("wss://host/?tickets=5&my-ticket=5", "wss://host/?tickets=5&my-ticket=5"),
        ("wss://host/?token=s;ticket=s", "wss://host/?token=[redacted]"),
        ("wss://host/?x=1;ticket=s;y=2", "wss://host/?x=1;ticket=[redacted]"),
        ("wss://host/ticket=5", "wss://host/ticket=5"),
    ],
)
def test_an_address_knows_which_of_its_parameters_are_secret(url: str, shown: str) -> None:
    address = Address(url, ["ticket", "a b"])
    assert address == url
    assert redact_url(address) == shown
    assert redact_url(Address("wss://elsewhere").leads_to(url)) == redact_url(url)
    assert redact_url(Address("wss://elsewhere", ["ticket", "a b"]).leads_to(url)) == shown
