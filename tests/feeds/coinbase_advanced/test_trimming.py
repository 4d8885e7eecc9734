"""Frames of level2 cut to the best levels: what a client sees of them, and their numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from feedrec.feeds import ContiguousSequence, Gap, Reset
from feedrec.feeds.coinbase_advanced import FEED

Book = dict[str, dict[Decimal, str]]
Update = tuple[str, str, str]


def text(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def level2(number: int, kind: str, updates: Iterable[Update], product: str = "A-B") -> bytes:
    fields = [
        {"side": side, "event_time": f"t{number}", "price_level": price, "new_quantity": quantity}
        for side, price, quantity in updates
    ]
    event = {"type": kind, "product_id": product, "updates": fields}
    return text({"channel": "l2_data", "timestamp": "T", "sequence_num": number, "events": [event]})


def ticker(number: int) -> bytes:
    return text({"channel": "ticker", "sequence_num": number, "events": [{"type": "update", "tickers": []}]})


def trimmed(payloads: Iterable[bytes], levels: int) -> list[bytes | None]:
    change = FEED.trimming(levels)
    return [change.received(one, FEED.describe(one), in_sequence=True) for one in payloads]


def updates_of(payload: bytes) -> list[Update]:
    (event,) = json.loads(payload)["events"]
    return [(one["side"], one["price_level"], one["new_quantity"]) for one in event["updates"]]


SNAPSHOT = level2(
    0, "snapshot", [("bid", "9", "1"), ("bid", "8", "1"), ("bid", "7", "1"), ("offer", "10", "1"), ("offer", "11", "1")]
)


def test_a_snapshot_and_updates_are_cut_and_the_numbers_have_no_holes() -> None:
    changed = trimmed(
        [
            SNAPSHOT,
            level2(1, "update", [("bid", "9", "2")]),
            level2(2, "update", [("bid", "7", "5")]),
            ticker(3),
            level2(4, "update", [("bid", "9", "0"), ("offer", "12", "1")]),
        ],
        2,
    )
    assert updates_of(changed[0] or b"") == [
        ("bid", "9", "1"),
        ("bid", "8", "1"),
        ("offer", "10", "1"),
        ("offer", "11", "1"),
    ]
    assert changed[1] == level2(1, "update", [("bid", "9", "2")])
    assert changed[2] is None
    assert changed[3] == ticker(2)
    assert updates_of(changed[4] or b"") == [("bid", "9", "0"), ("bid", "7", "5")]
    assert b'"sequence_num":3,' in (changed[4] or b"")
    assert (changed[4] or b"").count(b'"event_time":"t4"') == 2


def test_what_is_not_understood_stays_and_is_counted() -> None:
    change = FEED.trimming(2)
    unbooked = level2(0, "update", [("bid", "9", "2")])
    odd = level2(1, "update", [("neither", "9", "2")])
    other = text({"channel": "l2_data", "sequence_num": 2, "events": [{"type": "update", "product_id": "A-B"}]})
    for payload in (unbooked, odd, other):
        assert change.received(payload, FEED.describe(payload), in_sequence=True) == payload
    assert change.missed == 3


def test_a_frame_of_several_events_keeps_those_that_say_something() -> None:
    one, other = (json.loads(level2(1, "update", [("bid", price, "3")]))["events"][0] for price in ("9", "1"))
    frame = text({"channel": "l2_data", "sequence_num": 1, "events": [one, other]})
    (_, changed) = trimmed([SNAPSHOT, frame], 2)
    assert changed == text({"channel": "l2_data", "sequence_num": 1, "events": [one, {**other, "updates": []}]})


def numbers_of(payloads: Iterable[bytes | None]) -> list[int]:
    return [json.loads(one)["sequence_num"] for one in payloads if one is not None]


def discontinuities(numbers: Sequence[int]) -> list[Any]:
    rule = ContiguousSequence(None)
    return [found for number in numbers if (found := rule.observe(number)) is not None]


@pytest.mark.parametrize("before", [0, 1, 3])
def test_recorded_gaps_stay_gaps_of_the_same_size(before: int) -> None:
    """Also where frames right before and after the gap are dropped; the event beside it has the same numbers."""
    change = FEED.trimming(2)
    outside = [("bid", "1", "5"), ("bid", "1", "6")]
    payloads = [SNAPSHOT, *(level2(1 + number, "update", [outside[number % 2]]) for number in range(before))]
    after = [level2(before + 11, "update", [("bid", "1", "7")]), ticker(before + 12)]
    numbers = numbers_of(change.received(one, FEED.describe(one), in_sequence=True) for one in payloads)
    assert change.gap(before + 1, before + 11) == (1, 11)
    numbers += numbers_of(change.received(one, FEED.describe(one), in_sequence=True) for one in after)
    assert numbers == [0, 11]
    assert discontinuities(numbers) == [Gap(1, 11)]


def test_a_count_that_begins_anew_does_so_among_what_is_left() -> None:
    change = FEED.trimming(2)
    numbers = []
    for payload in (SNAPSHOT, level2(1, "update", [("bid", "1", "5")]), ticker(2), ticker(5000000)):
        numbers += numbers_of([change.received(payload, FEED.describe(payload), in_sequence=True)])
    assert change.reset(3, 5000000) == (2, numbers[-1])
    numbers += numbers_of([change.received(ticker(5000001), FEED.describe(ticker(5000001)), in_sequence=True)])
    assert discontinuities(numbers) == [Reset(2, numbers[-2])]


def test_frames_that_are_left_out_leave_no_hole() -> None:
    change = FEED.trimming(2)
    change.received(SNAPSHOT, FEED.describe(SNAPSHOT), in_sequence=True)
    change.left_out(FEED.describe(ticker(1)))
    assert change.received(ticker(2), FEED.describe(ticker(2)), in_sequence=True) == ticker(1)


def test_a_rebuilt_snapshot_begins_a_book_and_is_not_counted() -> None:
    change = FEED.trimming(1)
    rebuilt = change.received(SNAPSHOT, FEED.describe(SNAPSHOT), in_sequence=False)
    assert rebuilt is not None
    assert updates_of(rebuilt) == [("bid", "9", "1"), ("offer", "10", "1")]
    update = level2(70, "update", [("bid", "9.5", "1")])
    changed = change.received(update, FEED.describe(update), in_sequence=True)
    assert changed is not None
    assert updates_of(changed) == [("bid", "9.5", "1"), ("bid", "9", "0")]
    assert numbers_of([changed]) == [70]
    assert change.missed == 0


def follow(books: dict[str, Book], payload: bytes) -> None:
    for event in json.loads(payload)["events"]:
        if event["type"] == "snapshot":
            books[event["product_id"]] = {"bid": {}, "offer": {}}
        for one in event["updates"]:
            side = books[event["product_id"]][one["side"]]
            side.pop(Decimal(one["price_level"]), None)
            if Decimal(one["new_quantity"]):
                side[Decimal(one["price_level"])] = one["new_quantity"]


def top(book: Book, levels: int) -> Book:
    """Give the best levels by looking at all of them."""
    return {
        "bid": {key: book["bid"][key] for key in sorted(book["bid"])[-levels:]},
        "offer": {key: book["offer"][key] for key in sorted(book["offer"])[:levels]},
    }


def test_of_the_real_capture_a_client_sees_the_best_50_after_each_frame(capture_frames: list[bytes]) -> None:
    """Both books are those of a client that parses all of each frame; the numbers are 0, 1, 2 and so on."""
    whole: dict[str, Book] = {}
    client: dict[str, Book] = {}
    kept = []
    change = FEED.trimming(50)
    for payload in capture_frames:
        info = FEED.describe(payload)
        changed = change.received(payload, info, in_sequence=True)
        kept += [] if changed is None else [changed]
        if info.channel != "level2":
            continue
        follow(whole, payload)
        if changed is not None:
            follow(client, changed)
        (product,) = info.products
        assert client[product] == top(whole[product], 50)
    assert numbers_of(kept) == list(range(len(kept)))
    assert change.missed == 0
    assert len(kept) < 700
