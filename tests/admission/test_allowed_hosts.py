"""Which web pages may read a replay, by Origin and Host."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.admission.allowed_hosts import AllowedHosts, parse_authority, parse_host_name
from feedrec.errors import UsageError

VENUE = "ws-feed.exchange.coinbase.com"
ALLOWED = AllowedHosts(lambda: {VENUE}, "lab.example", {"bot.example", "10.9.8.7"})
LOCAL = "127.0.0.1:8765"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, LOCAL),  # not a browser
        (None, "anything.example"),
        (None, None),
        ("http://localhost", LOCAL),
        ("https://localhost:3000", LOCAL),
        ("http://LocalHost:3000", LOCAL),
        ("HTTP://localhost:3000", LOCAL),
        ("http://localhost.", LOCAL),
        ("http://app.localhost:5173", LOCAL),
        ("http://127.0.0.1:8080", LOCAL),
        ("http://127.8.9.10", LOCAL),
        ("http://127.0.0.1.", LOCAL),
        ("http://[::1]:8080", "[::1]:8765"),
        ("http://[0:0:0:0:0:0:0:1]", LOCAL),
        ("http://[::ffff:127.0.0.1]", LOCAL),
        ("ws://127.0.0.1:8765", LOCAL),
        (" http://127.0.0.1:8765\t", LOCAL),
        ("http://192.168.1.5:8765", "192.168.1.5:8765"),  # what websocket-client sends by itself
        ("http://[2001:db8::5]:8765", "[2001:DB8:0::5]:8765"),
        ("http://192.168.1.5", "192.168.1.5"),
        ("http://192.168.1.5:80", "192.168.1.5"),
        ("https://192.168.1.5", "192.168.1.5:443"),
        (f"https://{VENUE}", VENUE),  # a proxy with TLS in front, and a hosts file
        (f"http://{VENUE.upper()}.:8765", f"{VENUE}:8765"),
        ("http://lab.example:8765", "Lab.Example.:8765"),
        ("http://bot.example", LOCAL),
        ("https://bot.example:8443", "lab.example"),
        ("http://bot.example", "evil.example"),
        ("http://10.9.8.7:3000", LOCAL),
    ],
)
def test_a_page_that_may_read_a_replay(origin: str | None, host: str | None) -> None:
    assert ALLOWED.origin_refusal(_values(origin), _values(host)) is None


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", LOCAL),
        ("", LOCAL),
        ("*", LOCAL),
        ("http://evil.example", LOCAL),
        ("http://evil.example", "evil.example"),  # a name that leads here: DNS rebinding
        ("http://evil.example:8765", "evil.example:8765"),
        ("http://localhost@evil.example", LOCAL),
        ("http://localhost:80@evil.example", LOCAL),
        ("http://evil.example#localhost", LOCAL),
        ("http://evil.example?localhost", LOCAL),
        ("http://evil.example/localhost", LOCAL),
        ("http://localhost/", LOCAL),  # an origin has no path
        ("http://evil.example\\localhost", LOCAL),
        ("http://localhost.evil.example", LOCAL),
        ("http://127.0.0.1.evil.example", LOCAL),
        ("http://evillocalhost", LOCAL),
        ("http://.localhost", LOCAL),
        ("http://a..localhost", LOCAL),
        ("http://localhost..", LOCAL),
        ("http://-.localhost", LOCAL),
        ("http://bot.example.evil.example", LOCAL),
        ("http://notbot.example", LOCAL),
        ("http://sub.bot.example", LOCAL),
        (f"http://{VENUE}", LOCAL),  # the venue's pages are not this machine's: only a hosts file makes them so
        (f"https://{VENUE}:8443", VENUE),
        ("http://lab.example:3000", "lab.example:8765"),
        ("http://192.168.1.5:3000", "192.168.1.5:8765"),
        ("http://192.168.1.6:8765", "192.168.1.5:8765"),
        ("http://192.168.1.5", None),
        ("http://128.0.0.1", LOCAL),
        ("http://[::2]", LOCAL),
        ("http://[::1%25lo]", LOCAL),
        ("http://[::1", LOCAL),
        ("http://::1", LOCAL),
        ("http://[127.0.0.1]", LOCAL),
        ("http://localhost:99999", LOCAL),
        ("http://localhost:", LOCAL),
        ("http://localhost:80:80", LOCAL),
        ("http://127.1", LOCAL),  # a browser writes it out
        ("http://0177.0.0.1", LOCAL),
        ("http://2130706433", LOCAL),
        ("http://b\u00fccher.localhost", LOCAL),  # a browser sends xn--bcher-kva
        ("http://loc\u0430lhost", LOCAL),
        ("http://localhost\u3002", LOCAL),
        ("http://localhost\x00.evil.example", LOCAL),
        ("http://localhost http://evil.example", LOCAL),
        ("http://localhost, http://evil.example", LOCAL),
        ("file://localhost", LOCAL),
        ("chrome-extension://localhost", LOCAL),
        ("localhost", LOCAL),
        ("//localhost", LOCAL),
        ("http:localhost", LOCAL),
    ],
)
def test_a_page_that_may_not(origin: str, host: str | None) -> None:
    assert ALLOWED.origin_refusal([origin], _values(host)) is not None


def test_a_header_that_is_there_twice_is_refused() -> None:
    """Which of them a browser or a proxy means, nobody knows."""
    local = "http://localhost"
    assert ALLOWED.origin_refusal([local, local], [LOCAL]) is not None
    same = "http://192.168.1.5:8765"
    assert ALLOWED.origin_refusal([same], ["192.168.1.5:8765", "192.168.1.5:8765"]) is not None
    assert ALLOWED.host_refusal([LOCAL, LOCAL]) is not None


def test_the_refusal_says_what_to_do() -> None:
    refusal = ALLOWED.origin_refusal(["https://Chart.Example:8443"], [LOCAL])
    assert refusal == "pages of 'chart.example' may not connect here: --allow-host chart.example allows it"
    assert AllowedHosts(named={"chart.example"}).origin_refusal(["https://Chart.Example:8443"], [LOCAL]) is None
    assert "http://localhost" in (ALLOWED.origin_refusal(["null"], [LOCAL]) or "")
    assert len(ALLOWED.origin_refusal(["x" * 9000], [LOCAL]) or "") < 200


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8765",
        "localhost",
        "LOCALHOST.:1",
        "[::1]:8765",
        "192.168.1.5",
        "[2001:db8::5]",
        "a.localhost",
        VENUE,
        f"{VENUE.upper()}:443",
        "lab.example:8765",
        "bot.example",
    ],
)
def test_a_host_that_is_this_server(host: str) -> None:
    assert ALLOWED.host_refusal([host]) is None


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "", "localhost@evil.example", "127.0.0.1.evil.example", "::1", "a b"]
)
def test_a_host_that_is_not(host: str) -> None:
    assert ALLOWED.host_refusal([host]) is not None


def test_a_request_without_host_is_refused() -> None:
    assert ALLOWED.host_refusal([]) is not None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bot.example", "bot.example"),
        ("Bot.Example.", "bot.example"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("10.0.0.1", "10.0.0.1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_host_as_a_person_writes_it(text: str, name: str) -> None:
    assert parse_host_name(text) == name


@pytest.mark.parametrize("text", ["", "http://bot.example", "bot.example:80", "*", "*.example", "a b", "a/b", "x" * 80])
def test_a_host_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a host"):
        parse_host_name(text)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_raises_and_none_but_a_loopback_host_passes_alone(origin: str, host: str) -> None:
    """With nothing allowed by name, what passes is on this machine or the same as an address in Host."""
    if AllowedHosts().origin_refusal([origin], [host]) is None:
        page = parse_authority(origin.strip(" \t").partition("://")[2])
        assert page is not None
        assert page.is_loopback or page.is_address
    AllowedHosts().host_refusal([host])


@given(
    st.sampled_from(["localhost", "127.0.0.1", "[::1]", "bot.example", "10.9.8.7"]),
    st.sampled_from(["@", ".", "#", "?", "/", "\\", "%", ":", ",", " ", "-", "_", "\t", "\x00", "x"]),
    st.sampled_from(["evil.example", "evil.example:80", "evil", "1.evil.example"]),
    st.sampled_from(["{good}{joint}{evil}", "{evil}{joint}{good}"]),
)
def test_a_good_name_beside_an_evil_one_does_not_help(good: str, joint: str, evil: str, order: str) -> None:
    hosts = order.format(good=good, joint=joint, evil=evil)
    origin = f"http://{hosts}"
    if ALLOWED.origin_refusal([origin], [LOCAL]) is None:  # a name below localhost is this machine
        assert hosts.endswith(".localhost")


@given(st.ip_addresses(), st.none() | st.integers(0, 65_535))
def test_an_address_is_read_as_it_is_written(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int | None
) -> None:
    text = f"[{address}]" if isinstance(address, ipaddress.IPv6Address) else str(address)
    parsed = parse_authority(text if port is None else f"{text}:{port}")
    assert parsed is not None
    assert parsed == (str(address), port)
    assert parsed.is_address


def _values(header: str | None) -> list[str]:
    return [] if header is None else [header]


def test_the_hosts_of_venues_are_only_asked_for_where_one_may_be_meant() -> None:
    """To know them, all feeds are loaded."""
    asked: list[str] = []

    def venues() -> set[str]:
        asked.append("")
        return {VENUE}

    hosts = AllowedHosts(venues, "lab.example")
    for host in ("localhost:80", "127.0.0.1", "lab.example"):
        assert hosts.host_refusal([host]) is None
    assert asked == []
    assert hosts.host_refusal([VENUE]) is None
    assert asked == [""]
