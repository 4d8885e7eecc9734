"""What cryptofeed learns of a venue before it opens the feed, and over HTTP besides; prints it as JSON."""

import json
import os

from cryptofeed.defines import COINBASE
from cryptofeed.exchanges import Coinbase
from cryptofeed.symbols import Symbols

Coinbase.rest_endpoints[0].address = f"{os.environ['FEEDREC_REST_URL']}/api/v3/brokerage"
key = {"coinbase": {"key_id": "any", "key_secret": "any"}}
told = {"symbols": Coinbase.symbols(key), "information": Symbols.get(COINBASE)[1]}
print(json.dumps(told, default=str))
