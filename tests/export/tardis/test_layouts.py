"""The layouts are those that docs.tardis.dev shows."""

from __future__ import annotations

import pytest

from feedrec.errors import UsageError
from feedrec.export.tardis.layouts import HEADERS, file_name, kinds_of


def test_the_first_lines_are_those_of_tardis() -> None:
    start = "exchange,symbol,timestamp,local_timestamp,"
    assert {kind: line.removeprefix(start).split(",")[:5] for kind, line in HEADERS.items()} == {
        "incremental_book_L2": ["is_snapshot", "side", "price", "amount\n"],
        "trades": ["id", "side", "price", "amount\n"],
        "quotes": ["ask_amount", "ask_price", "bid_price", "bid_amount\n"],
        "book_snapshot_25": ["asks[0].price", "asks[0].amount", "bids[0].price", "bids[0].amount", "asks[1].price"],
    }
    assert HEADERS["book_snapshot_25"].endswith(",asks[24].price,asks[24].amount,bids[24].price,bids[24].amount\n")


def test_all_kinds_are_written_if_none_is_named() -> None:
    assert kinds_of([]) == frozenset(HEADERS)
    assert kinds_of(["quotes", "trades"]) == {"quotes", "trades"}


def test_a_kind_that_is_none_of_them_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"'x' is none of the tables of tardis.dev: choose from .*trades, quotes"):
        kinds_of(["trades", "x"])


def test_a_file_has_the_name_that_the_clients_of_tardis_give_it() -> None:
    name = file_name("coinbase", "incremental_book_L2", 20_000, "BTC-USD")
    assert name == "coinbase_incremental_book_L2_2024-10-04_BTC-USD.csv.gz"
