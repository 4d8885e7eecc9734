"""Which endpoints a request may be for."""

from __future__ import annotations

import pytest

from feedrec.http_messages import HttpRequest
from feedrec.replay.rest.routes import Route, is_of_feed, routes

HOSTS = {
    "coinbase-advanced": {"api.coinbase.com", "advanced-trade-ws.coinbase.com"},
    "coinbase-advanced-user": {"api.coinbase.com", "advanced-trade-ws-user.coinbase.com"},
    "coinbase-exchange": {"api.exchange.coinbase.com", "ws-feed.exchange.coinbase.com"},
}


def to(target: str, host: str = "") -> HttpRequest:
    return HttpRequest("GET", target, (("host", host),) if host else ())


@pytest.mark.parametrize(
    ("target", "host", "endpoints", "seen"),
    [
        ("/coinbase-exchange/products?x=/1/2", "", ["coinbase-exchange"], "/products?x=/1/2"),
        ("/coinbase-advanced/api/v3/time", "api.exchange.coinbase.com", ["coinbase-advanced"], "/api/v3/time"),
        ("/products", "api.exchange.coinbase.com:8765", ["coinbase-exchange"], "/products"),
        ("/v2/time", "API.coinbase.com", ["coinbase-advanced", "coinbase-advanced-user"], "/v2/time"),
        ("/v2/time", "advanced-trade-ws-user.coinbase.com", ["coinbase-advanced-user"], "/v2/time"),
        ("/v2/time", "127.0.0.1:8765", list(HOSTS), "/v2/time"),
        ("/coinbase-exchange", "", list(HOSTS), "/coinbase-exchange"),
        ("/coinbase-exchange/", "", ["coinbase-exchange"], "/"),
        ("//coinbase-exchange/x", "", list(HOSTS), "//coinbase-exchange/x"),
        ("http://evil/x", "", list(HOSTS), "http://evil/x"),
        ("*", "", list(HOSTS), "*"),
    ],
)
def test_the_name_in_the_path_decides_and_then_the_host(
    target: str, host: str, endpoints: list[str], seen: str
) -> None:
    found = routes(to(target, host), HOSTS)
    assert [route.endpoint for route in found] == endpoints
    assert {route.request.target for route in found} == {seen}


def test_endpoints_that_became_one_have_all_their_names() -> None:
    hosts = {"coinbase-advanced+coinbase-exchange": set[str]()}
    for name in ("coinbase-exchange", "coinbase-advanced+coinbase-exchange"):
        assert routes(to(f"/{name}/a"), hosts) == [Route(next(iter(hosts)), to("/a"))]


def test_paths_of_websocket_clients_are_told_from_others() -> None:
    for target in ("/", "", "/?a=/b/c", "/coinbase-advanced", "/coinbase-advanced/?x"):
        assert is_of_feed(to(target), HOSTS)
    for target in ("/coinbase-advanced/x", "/products", "/coinbase"):
        assert not is_of_feed(to(target), HOSTS)
