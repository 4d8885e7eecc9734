"""Where the proxy leads."""

from __future__ import annotations

import pytest

from feedrec.errors import UsageError
from feedrec.recorder.proxy.options import rest_base, source_to


@pytest.mark.parametrize(
    ("to", "endpoint", "base"),
    [
        ("coinbase-advanced", None, "https://api.coinbase.com"),
        ("coinbase-exchange-sandbox", None, "https://api-public.sandbox.exchange.coinbase.com"),
        ("wss://advanced-trade-ws.coinbase.com", None, "https://api.coinbase.com"),
        ("wss://stream.example.com/ws?x=1", None, "https://stream.example.com"),
        ("wss://stream.example.com:8443", "coinbase-advanced", "https://stream.example.com:8443"),
        ("ws://127.0.0.1:9000/feed", "coinbase-advanced", "http://127.0.0.1:9000"),
        ("ws://[::1]:9000", "raw", "http://[::1]:9000"),
    ],
)
def test_plain_http_goes_where_clients_of_the_venue_send_it_else_to_the_same_host(
    to: str, endpoint: str | None, base: str
) -> None:
    source = source_to(to, endpoint)
    assert rest_base(source, None) == base
    assert rest_base(source, "https://api.example.com/") == "https://api.example.com"


@pytest.mark.parametrize(
    "rest_to", ["api.example.com", "wss://api.example.com", "https://api.example.com/v1", "https://a?b"]
)
def test_an_address_that_leads_nowhere_is_refused(rest_to: str) -> None:
    with pytest.raises(UsageError):
        rest_base(source_to("coinbase-advanced"), rest_to)
