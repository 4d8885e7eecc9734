"""
What a bot does with the official SDK: RESTClient beside WSClient, both at the address of a replay with --tls.

    python sdk_both_halves.py PRODUCT START END LAST [KEY]

It asks when the last trade is LAST. With a KEY file it asks for what needs one, too. Prints, as JSON, what it was told.
"""

import json
import os
import sys
import threading
import time
from typing import Any

from coinbase.rest import RESTClient
from coinbase.websocket import WSClient


def ask(client: RESTClient, product: str, start: str, end: str, prefix: str = "") -> dict[str, Any]:
    """Ask for everything once: with a prefix of the methods' names, what is public."""
    named = {
        name: getattr(client, f"get_{prefix}{name}") for name in ("products", "product", "product_book", "candles")
    }
    return {
        "products": named["products"]().to_dict(),
        "some": named["products"](product_ids=[product], limit=1).to_dict(),
        "product": named["product"](product).to_dict(),
        "book": named["product_book"](product, limit=3).to_dict(),
        "candles": named["candles"](product, start, end, "ONE_MINUTE", limit=5).to_dict(),
        "trades": getattr(client, f"get_{prefix}market_trades")(product, 5).to_dict(),
    }


def main(product: str, start: str, end: str, last: str, key: str = "") -> None:
    credentials = {"key_file": key} if key else {}
    rest = RESTClient(base_url=os.environ["FEEDREC_REST_URL"].removeprefix("https://"), **credentials)
    heard = threading.Event()

    def hear(message: str) -> None:
        if json.loads(message)["channel"] == "ticker":
            heard.set()

    feed = WSClient(base_url=os.environ["FEEDREC_URL"], on_message=hear)
    feed.open()
    feed.ticker([product])
    feed.level2([product])
    while rest.get_public_market_trades(product, 1).trades[0].trade_id != last:
        time.sleep(0.05)
    told = {"has_heard": heard.wait(60), "time": rest.get_unix_time().to_dict()}
    told["public"] = ask(rest, product, start, end, "public_")
    if key:
        told["with_key"] = ask(rest, product, start, end)
        told["best"] = rest.get_best_bid_ask([product]).to_dict()
    feed.close()
    print(json.dumps(told))


main(*sys.argv[1:])
