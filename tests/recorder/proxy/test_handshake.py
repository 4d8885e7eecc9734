"""Headers and addresses go on as they are, but for those of one connection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.recorder.proxy.handshake import address_for, passed_on

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True)


@pytest.mark.parametrize(
    "name",
    ["Host", "origin", "Connection", "UPGRADE", "Sec-WebSocket-Key", "sec-websocket-protocol", "Content-Length"],
)
def test_a_header_of_one_connection_stays_there(name: str) -> None:
    """Whatever its case."""
    assert passed_on([("A", "1"), (name, "x"), ("B", "2")]) == [("A", "1"), ("B", "2")]


@pytest.mark.parametrize("name", ["User-Agent", "Authorization", "Cookie", "X-CMC_PRO_API_KEY", "Set-Cookie"])
def test_any_other_header_goes_on_and_so_do_several_of_one_name(name: str) -> None:
    pairs = [(name, "one"), (name, "two")]
    assert passed_on(pairs) == pairs


def test_what_connection_names_stays_too() -> None:
    pairs = [("Connection", "Upgrade, X-Hop"), ("x-hop", "1"), ("X-End", "2")]
    assert passed_on(pairs) == [("X-End", "2")]


@given(st.lists(st.tuples(NAMES, st.text(max_size=5))))
def test_passing_on_twice_is_passing_on_once(pairs: list[tuple[str, str]]) -> None:
    """What one proxy passes on, another one would, unless it names what stays."""
    once = passed_on(pairs)
    assert passed_on(once) == once


@pytest.mark.parametrize(
    ("url", "target", "opened"),
    [
        ("wss://host/ws?a=1", "/", "wss://host/ws?a=1"),
        ("wss://host/ws?a=1", "", "wss://host/ws?a=1"),
        ("wss://host", "/stream?b=2", "wss://host/stream?b=2"),
        ("wss://host:99/ws?a=1", "/other", "wss://host:99/other"),
        ("wss://host/ws", "/?b=2", "wss://host/?b=2"),
        ("wss://user:pass@host", "/x", "wss://user:pass@host/x"),
        ("wss://host", "//elsewhere/x", "wss://host//elsewhere/x"),
    ],
)
def test_the_path_of_the_client_takes_the_place_of_that_of_the_address(url: str, target: str, opened: str) -> None:
    """The host never changes."""
    assert address_for(url, target) == opened


@pytest.mark.parametrize("target", ["http://elsewhere/", "*", "x", "/a#b"])
def test_what_is_no_path_is_refused(target: str) -> None:
    with pytest.raises(UsageError, match="not for a path"):
        address_for("wss://host", target)
