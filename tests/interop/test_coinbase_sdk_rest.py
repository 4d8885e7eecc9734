"""The official SDK's client for REST beside that for the feed, unchanged: both at the address of a replay with TLS."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ..cli.command import DEMO, feedrec
from ..test_docs import ROOT, blocks
from .markets import books, candles, trades
from .test_coinbase_sdk_user import KEY, NAME, pem

pytest.importorskip("coinbase.rest", reason="coinbase-advanced-py is not installed: make test-interop")

PROGRAM = Path(__file__).parent / "programs" / "sdk_both_halves.py"
PRODUCT = "BTC-USD"
START, END = 1_795_280_520, 1_795_280_580
"""The minute in which the demo was recorded."""


def run(folder: Path, *arguments: object, options: tuple[object, ...] = ()) -> tuple[dict[str, Any], str]:
    """Run it as the command of a replay of the last of the demo; give what it was told, and the log."""
    tls = ("--tls", "--tls-folder", folder / "tls")
    command = (sys.executable, PROGRAM, PRODUCT, START, END, trades(DEMO, PRODUCT)[-1].number, *arguments)
    done = feedrec("replay", DEMO, "--from", "29.9s", "--at-end", "hold", *tls, *options, "--", *command)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout), done.stderr.decode()


def assert_told(told: dict[str, Any]) -> None:
    """Check answers to one set of methods, public or not, against the recording."""
    assert [one["product_id"] for one in told["products"]["products"]] == ["BTC-USD", "ETH-USD"]
    assert told["products"]["num_products"] == 2
    assert [one["product_id"] for one in told["some"]["products"]] == [PRODUCT]
    last = trades(DEMO, PRODUCT)[-1]
    assert (told["product"]["quote_increment"], float(told["product"]["price"])) == ("0.01", last.price)
    book = told["book"]["pricebook"]
    levels = [[[float(one["price"]), float(one["size"])] for one in book[side]] for side in ("bids", "asks")]
    assert levels in books(DEMO, PRODUCT, most=3)
    (row,) = candles(trades(DEMO, PRODUCT), START)
    (candle,) = told["candles"]["candles"]
    assert int(candle["start"]) * 1000 == row[0]
    assert [float(candle[name]) for name in ("open", "high", "low", "close")] == row[1:5]
    assert float(candle["volume"]) == pytest.approx(row[5])
    assert [one["trade_id"] for one in told["trades"]["trades"]] == [
        one.number for one in reversed(trades(DEMO, PRODUCT)[-5:])
    ]


def test_what_is_public_is_told_without_a_key(tmp_path: Path) -> None:
    told, err = run(tmp_path)
    assert told["has_heard"]
    assert START <= int(told["time"]["epoch_seconds"]) <= END
    assert_told(told["public"])
    assert "refused" not in err


def test_a_key_is_checked_and_what_needs_one_is_told(tmp_path: Path) -> None:
    """Its token names the host that it was given, which is that of the replay."""
    key_file = tmp_path / "key.json"
    key_file.write_text(json.dumps({"name": NAME, "privateKey": pem(KEY)}))
    told, err = run(tmp_path, key_file, options=("--auth", "strict", "--auth-key", key_file))
    assert_told(told["public"])
    assert_told(told["with_key"])
    (best,) = told["best"]["pricebooks"]
    assert float(best["bids"][0]["price"]) < float(best["asks"][0]["price"])
    assert "refused" not in err


def test_the_example_of_the_documents_runs(tmp_path: Path) -> None:
    """docs/clients.md, the block of RESTClient, as it stands."""
    (example,) = blocks(ROOT / "docs" / "clients.md", "python-sdk-rest")
    done = feedrec("replay", DEMO, "--tls", "--tls-folder", tmp_path / "tls", "--", sys.executable, "-c", example)
    assert done.returncode == 0, done.stderr.decode()
    assert b"BTC-USD" in done.stdout
