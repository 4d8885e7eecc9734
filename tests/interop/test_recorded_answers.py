"""What a venue answered its clients first is recorded beside its feed, and told them again, byte for byte."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ..cli.command import DEMO, background, feedrec, first_line, interrupt, mock_venue
from ..timing import wait_until

PRODUCT = (
    b'{"product_id":"%b","price":"1.50","base_increment":"0.001","quote_increment":"0.5","base_min_size":"1e-05",'
    b'\n  "base_currency_id": "%b", "quote_currency_id":"%b","product_type":"SPOT","alias_to":[ ]}'
)
BODIES = {
    "/v2/currencies": b'{ "data" : [ {"id":"USD","name":"US\\u0020Dollar","min_size":"0.01000000"} ] }\n',
    "/v2/currencies/crypto": b'{"data":[{"asset_id":"5b71fc48","code":"BTC","name":"Bitcoin"}]}',
    "/v2/exchange-rates": b'{"data":{"currency":"USD","rates":{"BTC":"0.00001","XRP":1.50e0,"EUR":"0.9"}}}',
    "/api/v3/brokerage/market/products": b'{"products":[%b,%b],"num_products":2.0}'
    % (PRODUCT % (b"BTC-USD", b"BTC", b"USD"), PRODUCT % (b"XRP-EUR", b"XRP", b"EUR")),
    "/api/v3/brokerage/market/products?product_type=FUTURE": b' {"products":[],"num_products":0}',
}
"""Written as no encoder of ours would."""

ASK = """
import os, sys, urllib.request
for path in sys.argv[1:]:
    with urllib.request.urlopen(os.environ["FEEDREC_REST_URL"] + path) as answer:
        sys.stdout.buffer.write(answer.read() + b"--")
"""

LOAD = """
import os, ccxt
venue = ccxt.coinbase()
venue.urls["api"]["rest"] = os.environ["FEEDREC_REST_URL"]
print(*(f"{symbol} {market['precision']}" for symbol, market in venue.load_markets().items()), sep="\\n")
"""

BOTH = """
import asyncio, os, ccxt.pro

async def main():
    async with ccxt.pro.coinbase() as venue:
        venue.urls["api"]["rest"], venue.urls["api"]["ws"] = os.environ["FEEDREC_REST_URL"], os.environ["FEEDREC_URL"]
        print(await venue.load_markets())
        print(await venue.fetch_time(), await venue.fetch_trades("ETH/USD", None, 3))
        print(await venue.fetch_order_book("BTC/USD", 5))
        await venue.watch_order_book("BTC/USD")

asyncio.run(main())
"""


needs_ccxt = pytest.mark.skipif("CLIENTS_PYTHON" not in os.environ, reason="ccxt is not installed: make test-interop")


class Handler(BaseHTTPRequestHandler):
    """Answers with the bodies; nothing else is there."""

    def do_GET(self) -> None:
        body = BODIES.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def venue_over_http() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record frames of the demo until all answers beside them are there."""
    path = tmp_path_factory.mktemp("rest") / "both.jsonl"
    with mock_venue(DEMO, "--at-end", "hold") as url, venue_over_http() as rest_url:
        options = ("--url", url, "--rest", "--rest-url", rest_url, "-o", path)
        with background("record", "-e", "coinbase-advanced", *options) as process:
            part = path.with_name(f"{path.name}.part")
            wait_until(lambda: part.exists() and part.read_bytes().count(b'"event":"http"') == len(BODIES))
            code, _, err = interrupt(process)
    assert code == 0, err.decode()
    return path


def test_they_come_back_byte_for_byte(recording: Path) -> None:
    done = feedrec("replay", recording, "--", sys.executable, "-c", ASK, *BODIES)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b"".join(body + b"--" for body in BODIES.values())
    assert b"guessed" not in done.stderr


@needs_ccxt
def test_clients_learn_from_them_what_no_frame_tells(recording: Path) -> None:
    """A product without a frame, and increments that nobody would guess."""
    done = feedrec("replay", recording, "--", os.environ["CLIENTS_PYTHON"], "-c", LOAD)
    assert done.returncode == 0, done.stderr.decode()
    precision = "{'amount': 0.001, 'price': 0.5}"
    assert done.stdout.decode().splitlines() == [f"BTC/USD {precision}", f"XRP/EUR {precision}"]


@needs_ccxt
def test_what_a_proxy_recorded_of_ccxt_is_told_it_again(tmp_path: Path) -> None:
    """Word for word, the time among it, from one connection that carries requests and then the feed."""
    program = ("--", os.environ["CLIENTS_PYTHON"], "-c", BOTH)
    path = tmp_path / "bot.jsonl.zst"
    with background("replay", DEMO, "--port", 0, "--speed", 5, "--at-end", "hold") as venue:
        to = ("--to", first_line(venue.stdout), "--endpoint", "coinbase-advanced")
        told = feedrec("proxy", *to, "--rest-to", to[1].replace("ws", "http"), "-o", path, *program)
    assert told.returncode == 0, told.stderr.decode()
    again = feedrec("replay", path, "--at-end", "hold", *program)
    assert again.returncode == 0, again.stderr.decode()
    assert told.stdout == again.stdout
    assert b"guessed" not in again.stderr
