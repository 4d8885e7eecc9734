"""When a client has subscribed enough to begin at once, by what the server halves of the venues say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from feedrec.errors import UsageError
from feedrec.feeds import venue_of
from feedrec.feeds.auth import Auth
from feedrec.feeds.defaults import ServerDefaults
from feedrec.feeds.venue import FeedServer, VenueFeed
from feedrec.replay.venue.start_rule import StartRule, chosen_keys

AUTH = Auth("none", now=lambda: 0)


def feed(name: str) -> VenueFeed:
    found = venue_of(name)
    assert found is not None
    return found


def advanced(channel: str, *products: str, kind: str = "subscribe") -> dict[str, object]:
    return {"type": kind, "channel": channel, "product_ids": products}


def exchange(*channels: str | dict[str, object], products: Sequence[str] = ()) -> dict[str, object]:
    return {"type": "subscribe", "channels": channels, "product_ids": products}


def server(name: str, catalogue: Mapping[str, Sequence[str]], *messages: object) -> FeedServer:
    """Return the server half of a client that has said something."""
    half = feed(name).server(catalogue, {}, AUTH)
    for message in messages:
        half.on_message(json.dumps(message).encode(), 0)
    return half


HELD = {"level2": ["BTC-USD", "ETH-USD"], "ticker": ["BTC-USD"], "heartbeats": [""]}
ALL = (advanced("level2", "BTC-USD", "ETH-USD"), advanced("ticker", "BTC-USD"), advanced("heartbeats"))


def test_all_that_is_recorded_is_enough() -> None:
    """In any number of messages, and in any order."""
    rule = StartRule(HELD)
    assert rule.is_met(server("coinbase-advanced", HELD, *ALL))
    assert rule.is_met(server("coinbase-advanced", HELD, *reversed(ALL)))
    apart = [advanced("level2", product) for product in HELD["level2"]]
    assert rule.is_met(server("coinbase-advanced", HELD, *apart, *ALL[1:]))


@pytest.mark.parametrize("left_out", range(len(ALL)))
def test_less_is_not_enough(left_out: int) -> None:
    messages = [one for number, one in enumerate(ALL) if number != left_out]
    assert not StartRule(HELD).is_met(server("coinbase-advanced", HELD, *messages))


def test_what_was_unsubscribed_is_no_longer_there() -> None:
    messages = (*ALL, advanced("ticker", "BTC-USD", kind="unsubscribe"))
    assert not StartRule(HELD).is_met(server("coinbase-advanced", HELD, *messages))


def test_a_recording_of_which_nothing_is_known_is_never_all_subscribed() -> None:
    assert not StartRule({}).is_met(server("coinbase-advanced", {}, *ALL))


def test_frames_that_name_no_product_need_none() -> None:
    """A frame without a product goes to everyone who has its channel."""
    held = {"ticker": ["BTC-USD", ""]}
    assert StartRule(held).is_met(server("coinbase-advanced", held, advanced("ticker", "BTC-USD")))


def test_channels_that_bring_the_frames_of_others_count_for_them() -> None:
    """At Exchange, level2_batch is described as level2."""
    held = {"level2": ["BTC-USD"], "ticker": ["BTC-USD"], "status": [""]}
    messages = exchange("level2_batch", "ticker", "status", products=["BTC-USD"])
    assert StartRule(held).is_met(server("coinbase-exchange", held, messages))
    assert not StartRule(held).is_met(server("coinbase-exchange", held, exchange("ticker", products=["BTC-USD"])))


def test_what_was_chosen_is_enough_whatever_is_recorded() -> None:
    keys = chosen_keys(["ticker", "l2_data:ETH-USD"], {"it": feed("coinbase-advanced")})
    assert keys == {"it": [("ticker", ""), ("level2", "ETH-USD")]}
    rule = StartRule(HELD, keys["it"])
    assert rule.is_chosen
    assert rule.is_met(server("coinbase-advanced", HELD, ALL[0], ALL[1]))
    assert not rule.is_met(server("coinbase-advanced", HELD, *ALL[1:]))
    assert not rule.is_met(server("coinbase-advanced", HELD, advanced("level2", "BTC-USD"), *ALL[1:]))


def test_a_server_half_that_cannot_tell_is_never_taken_to_have_enough() -> None:
    """That of a plug-in, for example: its clients settle, as they always did."""
    assert not StartRule(HELD).is_met(ServerDefaults())


def test_of_several_endpoints_each_waits_for_the_channels_that_it_has() -> None:
    feeds = {name: feed(name) for name in ("coinbase-advanced", "coinbase-exchange")}
    assert chosen_keys([], feeds) == {}
    assert chosen_keys(["ticker:BTC-USD", "market_trades"], feeds) == {
        "coinbase-advanced": [("ticker", "BTC-USD"), ("market_trades", "")],
        "coinbase-exchange": [("ticker", "BTC-USD")],
    }


def test_a_channel_that_no_endpoint_has_is_refused() -> None:
    with pytest.raises(UsageError, match=r"coinbase-advanced has no channel 'tiker'; did you mean 'ticker'\?"):
        chosen_keys(["tiker"], {"coinbase-advanced": feed("coinbase-advanced")})
    with pytest.raises(UsageError, match="leave out --start-after"):
        chosen_keys(["ticker"], {})
