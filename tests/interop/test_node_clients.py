"""Clients in Node, unchanged, with a replay as their venue."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ..cli.command import DEMO, feedrec
from ..test_docs import ROOT, blocks
from ..timing import scaled
from .markets import MINUTE, books, candles, exchange_market, trades

PROGRAMS = Path(__file__).parent / "programs"
INSTALL_TIMEOUT = scaled(300)

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="there is no Node")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the programs and what they import."""
    folder = tmp_path_factory.mktemp("node")
    for path in (PROGRAMS / "package.json", *PROGRAMS.glob("*.mjs")):
        shutil.copy(path, folder)
    install = ("npm", "install", "--no-audit", "--no-fund")
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exchange_market(tmp_path_factory.mktemp("market") / "exchange.jsonl.zst", with_status=True)


def test_coinbase_pro_node_is_told_all_that_it_asks(folder: Path, market: Path) -> None:
    """It signs each request, with the time that it was told, which is that of the recording."""
    product, all_trades = "ETH-BTC", trades(market, "ETH-BTC")
    since = int(all_trades[-1].time) // MINUTE * MINUTE
    span = [f"{datetime.fromtimestamp(since + more, UTC):%Y-%m-%dT%H:%M:%S}.000Z" for more in (0, 10 * MINUTE)]
    command = ("node", "pro_node_both_halves.mjs", product, *span, all_trades[-1].number)
    done = feedrec("replay", market, "--speed", "max", "--at-end", "hold", "--", *command, cwd=folder)
    assert done.returncode == 0, done.stderr.decode()
    assert b"refused" not in done.stderr
    told = json.loads(done.stdout)
    first, last = told["first"], told["last"]
    for answers in (first, last):
        assert [one["id"] for one in answers["products"]] == ["BTC-USD", "ETH-BTC"]
        assert answers["product"] == answers["products"][1]
        assert [one["id"] for one in answers["currencies"]] == ["BTC", "ETH", "USD"]
        assert answers["missing"] == {"message": "NotFound"}
    states = books(market, product)
    assert floats(first["book"]) == states[0]
    assert floats(last["book"]) == states[-1]
    assert floats(last["best"]) == [side[:1] for side in states[-1]]
    assert [str(one["trade_id"]) for one in last["trades"]["data"]] == [one.number for one in all_trades[:-6:-1]]
    assert float(last["ticker"]["price"]) == float(last["stats"]["last"]) == all_trades[-1].price
    names = ("openTimeInMillis", "open", "high", "low", "close", "volume")
    rows = [[one[name] for name in names] for one in last["candles"]]
    assert [[*row[:5], round(row[5], 10)] for row in rows] == candles(all_trades, since)
    assert all_trades[0].time - 1 < first["time"]["epoch"] <= last["time"]["epoch"]


def floats(book: dict[str, Any]) -> list[list[list[float]]]:
    return [[[float(price), float(size)] for price, size, *_ in book[side]] for side in ("bids", "asks")]


@pytest.mark.parametrize("options", [(), ("--tls",)])
@pytest.mark.parametrize("client", ["ccxt", "pro-node"])
def test_the_examples_of_the_documents_run(
    folder: Path, market: Path, tmp_path: Path, client: str, options: tuple[str, ...]
) -> None:
    """docs/clients.md, the blocks of ccxt and of coinbase-pro-node, as they stand."""
    (example,) = blocks(ROOT / "docs" / "clients.md", f"js-{client}")
    (folder / "example.mjs").write_text(example)
    recording = DEMO if client == "ccxt" else market
    tls = ("--tls-folder", tmp_path / "tls") if options else ()
    done = feedrec("replay", recording, "--at-end", "hold", *options, *tls, "--", "node", "example.mjs", cwd=folder)
    assert done.returncode == 0, done.stderr.decode()
    assert (b"91374" if client == "ccxt" else b"ETH-BTC") in done.stdout
