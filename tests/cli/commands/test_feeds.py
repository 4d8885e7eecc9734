"""`feedrec feeds`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedrec.feeds import endpoint_names, find_feed

from ...feeds.test_plugins import GOOD, ROOT, install
from ..command import feedrec

BUILT_IN = [
    "coinbase-advanced",
    "coinbase-advanced-user",
    "coinbase-exchange",
    "coinbase-exchange-direct",
    "coinbase-exchange-sandbox",
    "coinbase-exchange-direct-sandbox",
    "coinmarketcap",
    "raw",
]


def listed(output: bytes) -> list[str]:
    """Return the names of the endpoints that a list shows; a long description goes on in the next line."""
    table, _, hint = output.decode().rstrip().rpartition("\n\n")
    assert hint.startswith("feedrec feeds ENDPOINT shows")
    return [line.split()[0] for line in table.splitlines()[1:] if not line.startswith(" ")]


def test_the_list_has_every_endpoint_and_fits_80_columns() -> None:
    """Name, credentials and description are in it."""
    done = feedrec("feeds")
    head, *lines = done.stdout.decode().splitlines()
    assert head.split() == ["endpoint", "credentials", "description"]
    assert listed(done.stdout) == BUILT_IN
    assert max(map(len, lines)) <= 80
    (direct,) = (line for line in lines if line.startswith("coinbase-exchange-direct "))
    assert direct.split()[1] == "needed"


def test_json_has_all_that_is_known_of_all() -> None:
    facts = json.loads(feedrec("feeds", "--json").stdout)["endpoints"]
    assert [one["endpoint"] for one in facts] == BUILT_IN
    for one in facts:
        feed = find_feed(one["endpoint"])
        assert [channel["name"] for channel in one["channels"]] == list(feed.channels)
        assert one["url"] == feed.url
        assert one["failover"] == feed.failover
        assert one["summary"]
    hosts = {one["endpoint"]: one["rest_hosts"] for one in facts}
    assert hosts["coinbase-advanced"] == hosts["coinbase-advanced-user"] == ["api.coinbase.com"]
    assert (hosts["coinmarketcap"], hosts["raw"]) == (["pro-api.coinmarketcap.com"], [])
    needs = {one["endpoint"]: one["credentials"]["need"] for one in facts}
    assert needs["raw"] == "none"
    assert needs["coinbase-exchange"] == "optional"
    assert needs["coinmarketcap"] == needs["coinbase-advanced-user"] == "needed"


@pytest.mark.parametrize("name", endpoint_names())
def test_an_endpoint_in_detail(name: str) -> None:
    """Address, variables, limits and a line for each channel."""
    feed = find_feed(name)
    text = feedrec("feeds", name).stdout.decode()
    lines = text.splitlines()
    joined = " ".join(text.split())
    assert max(map(len, lines[1:])) <= 80
    assert lines[0] == f"{name}: {feed.summary}"
    assert feed.url in text
    assert all(variable in text for variable in (feed.credentials.variables if feed.credentials else ()))
    assert all(limit in joined for limit in feed.limits)
    for channel in feed.channels.values():
        (line,) = (line for line in lines if line.startswith(f"{channel.name} "))
        assert channel.summary in joined
        assert all(param in joined for param in channel.params)
        assert ("needed" in line) == (channel.needs_credentials or feed.needs_credentials)
    facts = json.loads(feedrec("feeds", name, "--json").stdout)
    assert facts["endpoint"] == name
    names = [setting["name"] for setting in facts["settings"]]
    assert all(host in joined for host in facts["rest_hosts"])
    assert names == [] if name == "raw" else names[-3:] == ["close_after", "close_code", "close_reason"]
    assert all(f"{one['name']} {one['meaning']} ({one['default'] or 'none'})" in joined for one in facts["settings"])


def test_parameters_that_may_be_left_out_are_in_brackets() -> None:
    text = feedrec("feeds", "coinmarketcap").stdout.decode()
    assert "crypto_ids, [mode]" in text
    assert "market@crypto_latest_price?crypto_ids=" in text


def test_an_unknown_name_gets_a_suggestion() -> None:
    done = feedrec("feeds", "coinmarketcab")
    assert done.returncode == 2
    assert b"did you mean 'coinmarketcap'?" in done.stderr
    assert not done.stdout


def test_a_package_that_is_broken_is_one_line_and_no_more(tmp_path: Path) -> None:
    """What is built in, and what other packages have, is listed all the same."""
    install(tmp_path, "acme", GOOD, "acme = acme:FEED")
    install(tmp_path, "broken", "raise RuntimeError('no')", "broken = broken:FEED")
    done = feedrec("feeds", env={"PYTHONPATH": f"{tmp_path}:{ROOT}"})
    assert done.returncode == 0
    assert listed(done.stdout) == [*BUILT_IN, "acme"]
    (line,) = done.stderr.decode().splitlines()
    assert "warning: endpoint 'broken' of the package broken (broken:FEED) cannot be loaded" in line
