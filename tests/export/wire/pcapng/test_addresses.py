"""Who talks to whom: what was recorded if it is an address, and else nobody's."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.export.wire.pcapng.addresses import Addresses, host_of


def server_of(recorded: Any, url: str = "wss://venue.test") -> str:
    _, server = Addresses().of(url, recorded)
    return str(ipaddress.ip_address(server.address))


@pytest.mark.parametrize(
    ("recorded", "address"),
    [
        ("203.0.113.7:443", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.7"),
        ("[2001:db8::9]:443", "2001:db8::9"),
        ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
        ("[fe80::1%eth0]:443", "fe80::1"),
    ],
)
def test_a_recorded_address_is_taken(recorded: str, address: str) -> None:
    assert server_of(recorded) == address


@pytest.mark.parametrize(
    "recorded", [None, "", "venue.test:443", "999.1.1.1:80", "[::x]:1", 7, ["1.1.1.1"], "\u0661.1.1.1"]
)
def test_anything_else_means_nothing(recorded: Any) -> None:
    assert server_of(recorded) == "198.51.100.1"


def test_each_host_without_an_address_has_one_of_its_own() -> None:
    addresses = Addresses()
    hosts = ["wss://a.test/x", "wss://b.test", "wss://a.test/y"]
    servers = [addresses.of(url)[1].address for url in hosts]
    assert servers[0] == servers[2] != servers[1]
    for number in range(300):
        addresses.of(f"wss://{number}.test")


def test_no_two_connections_have_the_same_client() -> None:
    addresses = Addresses()
    clients = {addresses.of("wss://a.test", "203.0.113.7:1" if one % 2 else None)[0] for one in range(60_000)}
    assert len(clients) == 60_000
    assert all(40_000 <= client.port <= 65_535 for client in clients)


def test_client_and_server_are_of_one_family() -> None:
    client, server = Addresses().of("wss://a.test", "[2001:db8::9]:443")
    assert len(client.address) == len(server.address) == 16


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("wss://venue.test/x", "venue.test"),
        ("ws://Venue.Test:8080", "venue.test:8080"),
        ("ws://[2001:db8::9]:80", "[2001:db8::9]:80"),
        ("ws://a b/", "unknown.invalid"),
        ("ws://a:port/", "unknown.invalid"),
        ("ws://[::x", "unknown.invalid"),
        ("", "unknown.invalid"),
        ("ws://ü.test", "unknown.invalid"),
    ],
)
def test_a_host_is_one_that_may_stand_in_a_header(url: str, host: str) -> None:
    assert host_of(url) == host


@given(st.text())
def test_no_address_makes_a_host_that_ends_the_line(url: str) -> None:
    for text in (url, f"ws://{url}", f"ws://[{url}]"):
        assert host_of(text).isprintable()
        assert " " not in host_of(text)
