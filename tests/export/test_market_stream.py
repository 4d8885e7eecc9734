"""What recordings of files tell of the market: read as frames come, whatever the lines look like."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from feedrec.export.continuity import BookLost, Gap
from feedrec.export.market_stream import MarketStream
from feedrec.export.untimed import Item
from feedrec.feeds import rule_of
from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.market.reader import market_reader_of
from feedrec.feeds.market.told import BookChanges, Trades
from feedrec.formats import Selection, create_recording, open_recording
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.several.inputs import inspect_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record, format_time

START = 1_790_000_000 * NANOSECONDS


def book(kind: str, *levels: tuple[str, str, str], product: str = "A-B", at: int = START, number: int = 0) -> bytes:
    updates = [
        {"side": side, "event_time": format_time(at), "price_level": price, "new_quantity": quantity}
        for side, price, quantity in levels
    ]
    event = {"type": kind, "product_id": product, "updates": updates}
    frame = {"channel": "l2_data", "timestamp": format_time(at), "sequence_num": number, "events": [event]}
    return msgspec.json.encode(frame)


SNAPSHOT = book("snapshot", ("bid", "1", "5"), ("offer", "2", "6"))
CHANGE = book("update", ("bid", "1", "0"))


def write(path: Path, records: Sequence[Record], created: int = START, **extra: Any) -> Path:
    writer = create_recording(path, Header("coinbase-advanced", "wss://x", created, "test", extra=extra))
    for record in records:
        writer.write(record, FEED.describe(record.payload) if isinstance(record, Frame) else None)
    writer.finish()
    return path


def stream(*paths: Path, **options: Any) -> MarketStream:
    inputs = [inspect_recording(partial(open_recording, path)) for path in paths]
    reader = market_reader_of(FEED)
    assert reader is not None
    rules = Rules(FEED.describe, rule_of(FEED), FEED.describe_all)
    return MarketStream(inputs, reader, rules, **options)


def frames(*payloads: bytes, conn: int = 0, first: int = START) -> list[Record]:
    return [Frame(first + number, conn, payload) for number, payload in enumerate(payloads)]


def kinds(items: Sequence[Item]) -> list[str]:
    return [type(item.told).__name__ for item in items]


@pytest.mark.parametrize("suffix", ["jsonl.zst", "jsonl", "parquet"])
def test_everything_is_told_with_the_time_at_which_it_was_received(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a.{suffix}", frames(SNAPSHOT, *[CHANGE] * 20))
    told = list(stream(path))
    assert [item.time for item in told] == list(range(START, START + 21))
    assert kinds(told) == ["BookChanges"] * 21


def test_lines_of_another_program_are_read_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", frames(SNAPSHOT, *[CHANGE] * 20))
    path.write_text("\n".join(line.replace(':"in"', ': "in"') for line in path.read_text().splitlines()) + "\n")
    assert kinds(list(stream(path))) == ["BookChanges"] * 21


def test_events_break_books_and_the_next_snapshot_follows_a_gap(tmp_path: Path) -> None:
    records = [
        *frames(SNAPSHOT, CHANGE),
        Event(START + 2, 0, "gap", {"expected": 2, "received": 3}),
        *frames(CHANGE, SNAPSHOT, first=START + 3),
    ]
    told = list(stream(write(tmp_path / "a.jsonl.zst", records)))
    assert kinds(told) == ["BookChanges", "BookChanges", "BookLost", "Gap", "BookChanges"]
    assert told[2].told == BookLost("A-B", "gap")
    assert told[3] == Item(START + 4, Gap("A-B", "book", "gap", START + 1, START + 4))


def test_two_files_are_told_by_time_and_connections_of_two_runs_are_two(tmp_path: Path) -> None:
    one = write(tmp_path / "1.jsonl.zst", frames(SNAPSHOT, CHANGE))
    other = write(tmp_path / "2.jsonl.zst", frames(SNAPSHOT, CHANGE, first=START + NANOSECONDS), created=START + 5)
    told = list(stream(other, one))
    assert kinds(told) == ["BookChanges"] * 4 + ["Gap"], "the first run did not say that it ended"
    assert told[-1].told == Gap("A-B", "book", "end", START + 1, START + NANOSECONDS)


def test_only_what_is_selected_is_told(tmp_path: Path) -> None:
    other = book("snapshot", ("bid", "1", "5"), product="C-D")
    path = write(tmp_path / "a.jsonl.zst", frames(SNAPSHOT, other, CHANGE))
    selection = Selection(products=frozenset(["C-D"]), start=START + 1, end=START + 2)
    (item,) = stream(path, selection=selection)
    assert isinstance(item.told, BookChanges)
    assert item.told.product == "C-D"


def test_a_frame_about_several_products_tells_of_those_that_are_selected(tmp_path: Path) -> None:
    trade = {"trade_id": "1", "price": "1", "size": "1", "time": format_time(START), "side": "BUY"}
    trades = [{"product_id": product, **trade} for product in ("A-B", "C-D")]
    frame = {"channel": "market_trades", "sequence_num": 0, "events": [{"type": "update", "trades": trades}]}
    path = write(tmp_path / "a.jsonl.zst", frames(msgspec.json.encode(frame)))
    (item,) = stream(path, selection=Selection(products="C-D"))
    assert isinstance(item.told, Trades)
    assert item.told.product == "C-D"


@pytest.mark.parametrize("many", [1, 20], ids=["one by one", "many at once"])
def test_a_book_is_not_known_after_a_frame_that_is_not_understood(tmp_path: Path, many: int) -> None:
    odd = CHANGE.replace(b'"bid"', b'"between"')
    found = stream(write(tmp_path / "a.jsonl.zst", frames(SNAPSHOT, *[CHANGE] * many, odd, CHANGE, SNAPSHOT)))
    told = list(found)
    assert kinds(told) == ["BookChanges"] * (1 + many) + ["BookLost", "Gap", "BookChanges"]
    assert told[-2].told == Gap("A-B", "book", "gap", START + many, START + many + 3)
    assert found.not_understood == 1


def test_a_ticker_that_is_not_understood_is_counted(tmp_path: Path) -> None:
    odd = msgspec.json.encode({"channel": "ticker", "events": [{"type": "other", "tickers": []}]})
    found = stream(write(tmp_path / "a.jsonl.zst", frames(SNAPSHOT, odd, CHANGE)))
    assert kinds(list(found)) == ["BookChanges"] * 2
    assert found.not_understood == 1


@pytest.mark.parametrize("lines", [10, 1], ids=["many at once", "one by one"])
def test_frames_that_are_missing_without_an_event_show_in_their_numbers(tmp_path: Path, lines: int) -> None:
    numbers = [*range(1, 1 + lines), *range(5 + lines, 5 + 2 * lines)]
    changes = [book("update", ("bid", "1", "0"), number=number) for number in numbers]
    path = write(tmp_path / "a.jsonl.zst", frames(SNAPSHOT, *changes))
    told = list(stream(path))
    assert kinds(told) == ["BookChanges"] * (1 + lines) + ["BookLost", "Gap"]
    assert told[-2] == Item(START + 1 + lines, BookLost("A-B", "gap"))


def test_what_was_filtered_has_holes_in_its_numbers_that_are_none(tmp_path: Path) -> None:
    changes = [book("update", ("bid", "1", "0"), number=number) for number in (5, 9)]
    path = write(tmp_path / "a.jsonl.zst", frames(SNAPSHOT, *changes), filtered={"channels": ["level2"]})
    assert kinds(list(stream(path))) == ["BookChanges"] * 3


def merged(path: Path, *records: Record) -> list[Item]:
    return list(stream(write(path / "a.jsonl.zst", records, deduplicated=2)))


def test_where_recordings_were_merged_frames_of_all_connections_make_one_book(tmp_path: Path) -> None:
    told = merged(
        tmp_path,
        Event(START, 0, "open", {}),
        Event(START, 1, "open", {}),
        *frames(SNAPSHOT, CHANGE),
        *frames(CHANGE, conn=1, first=START + 2),
        Event(START + 3, 0, "close", {}),
        *frames(CHANGE, CHANGE, conn=1, first=START + 4),
        Event(START + 6, 1, "close", {}),
    )
    assert kinds(told) == ["BookChanges"] * 5 + ["BookLost"]
    assert told[-1] == Item(START + 6, BookLost("A-B", "close"))


def test_where_recordings_were_merged_a_gap_is_of_its_channel_alone(tmp_path: Path) -> None:
    told = merged(
        tmp_path,
        *frames(SNAPSHOT),
        Event(START + 1, 1, "gap", {"channel": "ticker", "product": "A-B"}),
        *frames(CHANGE, first=START + 2),
        Event(START + 3, 1, "gap", {"channel": "level2", "product": "A-B"}),
        *frames(CHANGE, SNAPSHOT, first=START + 4),
    )
    assert kinds(told) == ["BookChanges", "BookChanges", "BookLost", "Gap", "BookChanges"]


def test_a_rebuilt_snapshot_may_have_the_number_of_another_connection(tmp_path: Path) -> None:
    rebuilt = Frame(START, 7, SNAPSHOT, synthetic=True)
    path = write(tmp_path / "a.jsonl.zst", [rebuilt, *frames(CHANGE, CHANGE, first=START + 1)])
    assert kinds(list(stream(path))) == ["BookChanges"] * 3
