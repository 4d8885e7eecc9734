"""Ids are replaced: consistently, in their form, and nothing else is touched."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import find_feed
from feedrec.feeds.rewriting.anonymous_ids import AnonymousFrames, AnonymousIds
from feedrec.model import FrameInfo

UUID = "3e625b74-1c4e-5967-ad38-4d26f30d4439"
IDS = AnonymousIds(b"key")


def frames_of(endpoint: str, key: bytes = b"key") -> AnonymousFrames:
    keys = find_feed(endpoint).id_keys()
    assert keys is not None
    return AnonymousFrames(AnonymousIds(key), keys)


def changed(endpoint: str, payload: bytes) -> bytes:
    found = frames_of(endpoint).received(payload, FrameInfo(), in_sequence=True)
    assert found is not None
    return found


@given(st.uuids(), st.booleans())
def test_a_uuid_becomes_one_of_the_same_version(uuid: object, are_capitals: bool) -> None:  # noqa: FBT001
    text = str(uuid).upper() if are_capitals else str(uuid)
    other = IDS.of("order", text)
    assert other != text
    assert other.lower() == IDS.of("user", text.lower())
    assert (other[14], other[19]) == (text[14], text[19])
    assert [len(part) for part in other.split("-")] == [8, 4, 4, 4, 12]
    assert AnonymousIds(b"other").of("order", text) != other


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_numbers_of_a_kind_keep_their_differences(one: int, other: int) -> None:
    now = [int(IDS.of("trade", str(number))) for number in (one, other)]
    assert now[1] - now[0] == other - one
    assert now[0] - one == IDS.added("trade")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("5844eceecf7e803e259d0365", r"[0-9a-f]{24}"),
        ("0xDB1D10011AD0FF90774D0C6BB92E5C5C8B4461F7", r"0x[0-9A-F]{40}"),
        ("6p6xgHyF7AeE6TZkSmFsko444wqoP15icUSqi2jfGiPN", r"[1-9A-HJ-NP-Za-km-z]{44}"),
        ("my Order_07", r"[a-z]{2} [A-Z][a-z]{4}_\d{2}"),
        ("", ""),
        ("[redacted]", r"\[redacted\]"),
    ],
)
def test_any_other_id_keeps_its_form(text: str, form: str) -> None:
    assert re.fullmatch(form, IDS.of("order", text))
    assert (IDS.of("order", text) == text) == (text in ("", "[redacted]"))


def test_frames_of_advanced_trade_have_other_ids_and_every_byte_around_them() -> None:
    """In an ack, a trade, an order, in what the client sent, and in an event."""
    user, trade = IDS.of("user", UUID), 22381691 + IDS.added("trade")
    for before, after in (
        (b'{"events":[{"subscriptions":{"user":["%b"]}}]}' % UUID.encode(), user),
        (b'{"trades":[{ "trade_id" : "22381691","price":"1"}]}', str(trade)),
        (b'{"user":["BTC-USD"],"ticker":["BTC-USD"]}', ""),
        (b'{"order_id":null,"a":"\\"order_id\\":\\"x\\""}', ""),
        (b'{"order_id":"%b","size":"1"}' % UUID.encode(), user),
    ):
        known = UUID.encode() if UUID.encode() in before else b"22381691"
        assert changed("coinbase-advanced", before) == before.replace(known, after.encode())
    frames = frames_of("coinbase-advanced-user")
    assert frames.sent(b'{"type":"subscribe","user_id":"7"}') != b'{"type":"subscribe","user_id":"7"}'
    line = b'{"time":"T","conn":0,"event":"subscribed","asked":[{"channel":"x","products":["%b"]}]}' % UUID.encode()
    assert frames.event(line) == line.replace(UUID.encode(), user.encode())


def test_frames_of_exchange_have_other_ids_and_gaps_of_trades_follow() -> None:
    """Heartbeats name the last trade; sequences stay; rows of level3 have ids at places of their own."""
    added = IDS.added("trade")
    match = b'{"type":"match","trade_id":10,"sequence":50,"maker_order_id":"%b"}' % UUID.encode()
    other = json.loads(changed("coinbase-exchange", match))
    assert other == {"type": "match", "trade_id": 10 + added, "sequence": 50, "maker_order_id": IDS.of("", UUID)}
    heartbeat = changed("coinbase-exchange", b'{"type":"heartbeat","last_trade_id":12,"sequence":90}')
    assert json.loads(heartbeat)["last_trade_id"] == 12 + added
    row = b'["open","BTC-USD","5","%b","buy","1.0","1","T"]' % UUID.encode()
    assert changed("coinbase-exchange", row) == row.replace(UUID.encode(), IDS.of("", UUID).encode())
    frames = frames_of("coinbase-exchange")
    assert frames.gap(3, 5, "matches") == frames.reset(3, 5, "heartbeat") == (3 + added, 5 + added)
    assert frames.gap(3, 5, "full") == (3, 5)


def test_of_coinmarketcap_wallets_and_transactions_are_replaced_and_tokens_are_not() -> None:
    token, wallet = "0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d", "0xdb1d10011ad0ff90774d0c6bb92e5c5c8b4461f7"
    frame = {"params": {"address": token, "wallet_address": f"{wallet},{wallet}"}, "data": {"wa": wallet, "a": token}}
    other = json.loads(changed("coinmarketcap", json.dumps(frame).encode()))
    now = IDS.of("wallet", wallet)
    assert other == {"params": {"address": token, "wallet_address": f"{now},{now}"}, "data": {"wa": now, "a": token}}


def test_what_is_no_json_stays_and_is_counted() -> None:
    frames = frames_of("coinbase-advanced")
    assert frames.received(b"order_id 7", FrameInfo(), in_sequence=True) == b"order_id 7"
    assert frames.missed == 1
