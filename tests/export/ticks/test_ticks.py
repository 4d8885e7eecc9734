"""What docs/export.md says of the tables."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from feedrec.export.market_sink import ExportedFile, MarketSink
from feedrec.export.ticks import begin
from feedrec.export.ticks.kinds import KINDS
from feedrec.feeds.market.told import BookChanges
from feedrec.model import parse_time

from ...cli.command import DEMO
from ..captures import Book, export

PAGE = (Path(__file__).parents[3] / "docs" / "export.md").read_text()
SECTION = PAGE[PAGE.index("## Parquet tables") : PAGE.index("## Wireshark")]


def test_every_table_and_every_column_of_it_is_on_the_page() -> None:
    """In the order of the file; `local_time`, which all have, is told once."""
    for kind in KINDS.values():
        assert len(re.findall(rf"^\| `{kind.name}` \|", SECTION, re.MULTILINE)) == 1
        (columns,) = re.findall(rf"^- `{kind.name}`: (.*)$", SECTION, re.MULTILINE)
        assert re.findall(r"`(\w+)`", columns) == [one.name for one in kind.columns if one.name != "local_time"]
    assert "All tables have `date` and `product`, from the path, and `local_time`." in SECTION
    assert all("local_time" in [one.name for one in kind.columns] for kind in KINDS.values())


def test_the_query_of_the_page_finds_the_book_of_that_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(DEMO, partial(begin, tmp_path / "ticks"))
    (query,) = [code for code in re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL) if "arg_max" in code]
    (until,) = re.findall(r"local_time <= '(.*?)'", query)
    monkeypatch.chdir(tmp_path)
    shown: list[Any] = []
    exec(query, {"print": shown.append})
    (relation,) = shown
    levels = relation.fetchall()
    expected = BookSink("BTC-USD", parse_time(f"{until.replace(' ', 'T')}Z"))
    export(DEMO, lambda _: expected)
    bids, asks = expected.book
    assert [row[1:] for row in levels if row[0] == "bid"] == sorted(bids.items(), reverse=True)
    assert [row[1:] for row in levels if row[0] == "ask"] == sorted(asks.items())
    assert len(bids) > 50


class BookSink(MarketSink):
    """Follows the book of a product until some time."""

    def __init__(self, product: str, until: int) -> None:
        self.product, self.until = product, until
        self.book: Book = ({}, {})

    def take(self, time: int, told: object) -> None:
        if isinstance(told, BookChanges) and told.product == self.product and time <= self.until:
            for is_bid, price, size in zip(told.are_bids, told.prices, told.sizes, strict=True):
                side = self.book[0 if is_bid else 1]
                side[Decimal(price)] = Decimal(size)
                if not side[Decimal(price)]:
                    del side[Decimal(price)]

    def finish(self) -> list[ExportedFile]:
        return []

    def discard(self) -> None:
        raise AssertionError
