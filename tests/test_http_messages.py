"""HTTP requests: what is read out of their target and headers."""

from __future__ import annotations

import pytest

from feedrec.http_messages import HttpAnswer, HttpExchange, HttpRequest, first_value


def test_path_and_query_are_parted() -> None:
    """The path stays as it was sent; parameters are decoded, in order, also those that are empty or come twice."""
    request = HttpRequest("GET", "/products/BTC%2DUSD?limit=1&ids=a%20b&ids=c&empty=")
    assert request.path == "/products/BTC%2DUSD"
    assert request.query == [("limit", "1"), ("ids", "a b"), ("ids", "c"), ("empty", "")]
    assert request.parameter("ids") == "c"
    assert request.parameter("none") is None


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("api.coinbase.com", "api.coinbase.com"),
        ("API.coinbase.com:443", "api.coinbase.com"),
        ("[::1]:8765", "::1"),
        ("[::1", ""),
        ("", ""),
    ],
)
def test_the_host_is_without_its_port(text: str, host: str) -> None:
    """Whatever a client sends as Host, nothing is raised."""
    assert HttpRequest("GET", "/", (("host", text),)).host == host


def test_a_header_is_found_by_its_name() -> None:
    """The first one counts."""
    headers = (("accept", "a"), ("accept", "b"))
    assert first_value(headers, "accept") == "a"
    assert first_value(headers, "host") is None
    assert HttpRequest("GET", "/").host == ""


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://host", "/"),
        ("https://host?a=b", "/?a=b"),
        ("http://h:1/%2F?", "/%2F"),
        ("https://host/a?b=[redacted]", "/a?b=[redacted]"),
        ("http://[", "/"),
    ],
)
def test_an_exchange_has_what_was_asked(url: str, target: str) -> None:
    """Whatever a recording says that was written by hand."""
    exchange = HttpExchange(2, 1, "POST", url, HttpAnswer(200), "text/plain", b"x")
    assert exchange.target == target
    assert exchange.request == HttpRequest("POST", target, (("content-type", "text/plain"),), b"x")
    assert HttpExchange(2, 1, "GET", url, HttpAnswer(200)).request == HttpRequest("GET", target)


def test_an_answer_that_could_not_be_unpacked_goes_out_as_it_came() -> None:
    plain, packed = (HttpAnswer(200, b"x", "", headers) for headers in ((), (("content-encoding", "br"),)))
    assert HttpExchange(2, 1, "GET", "http://h", plain).answer_to_send == plain
    assert HttpExchange(2, 1, "GET", "http://h", packed).answer_to_send.encoding == "br"
