"""The Python samples of the venues' own documents run against a replay; only address and key are other ones."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import textwrap
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from feedrec.feeds.api_key import ApiKey
from feedrec.feeds.auth import PublicKey
from feedrec.feeds.credentials import CdpKey

from ..conversations.recordings import market_recording, write
from ..conversations.talk import venue
from ..recorder.venue import run
from ..shared import SHARED
from ..timing import HANG_TIMEOUT, until

SEEDS = SHARED / "seeds"
NAME = "organizations/11111111-2222/apiKeys/33333333-4444"
KEY = "0123456789abcdef0123456789abcdef"


def sample(document: str, changes: dict[str, str]) -> str:
    """Take the Python sample out of a document, with what is ours where it leaves something open."""
    if not SEEDS.exists():
        pytest.skip("needs ../shared")
    (page,) = SEEDS.glob(f"{document}_*.txt")
    blocks = re.findall(r"^ *```python[^\n]*\n(.*?)^ *```$", page.read_text(), re.MULTILINE | re.DOTALL)
    (code,) = (textwrap.dedent(block) for block in blocks if "import json" in block)
    for before, after in changes.items():
        assert code.count(before) == 1, before
        code = code.replace(before, after)
    return code


def test_that_of_advanced_trade_gets_a_book_and_unsubscribes_on_another_connection(tmp_path: Path) -> None:
    pytest.importorskip("websocket", reason="websocket-client is not installed: make test-interop")
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    key = CdpKey(NAME, pem)
    written = tmp_path / "Output1.txt"

    async def scenario() -> None:
        options = {"auth": "strict", "auth_keys": (PublicKey(key.public_key_text(), NAME),)}
        async with venue(market_recording(tmp_path / "market.jsonl"), speed=1, **options) as server:
            placeholder = "-----BEGIN EC PRIVATE KEY-----\nYOUR PRIVATE KEY\n-----END EC PRIVATE KEY-----"
            changes = {
                "organizations/{org_id}/apiKeys/{key_id}": NAME,
                placeholder: pem.strip(),
                "wss://advanced-trade-ws.coinbase.com": server.url,
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", sample("000", changes), cwd=tmp_path, stdout=-1, stderr=-1
            )
            try:
                await until(lambda: sum(server.total.outcomes.values()) == 1)
                assert not server.has_lacked
            finally:
                process.kill()
                await process.communicate()

    run(scenario())
    heard = [json.loads(line) for line in written.read_text().splitlines()]
    books = [one["events"][0]["type"] for one in heard if one["channel"] == "l2_data"]
    assert books[:2] == ["snapshot", "update"]
    assert [one["events"] for one in heard if one["channel"] == "subscriptions"] == [
        [{"subscriptions": {"level2": ["BTC-USD"]}}]
    ]


def test_that_of_coinmarketcap_prints_prices(tmp_path: Path) -> None:
    """With `extra_headers`, as `websockets` had it up to version 13."""

    def push(number: int) -> tuple[int, dict[str, object]]:
        data = {"cid": 1 if number % 2 else 1027, "p": 100.5 + number, "p24h": -0.25}
        params = {"crypto_ids": data["cid"]}
        channel = "market@crypto_latest_price"
        return 100 * number, {"type": "data", "channel": channel, "params": params, "data": data, "ts": 1}

    async def scenario() -> list[str]:
        recording = write(tmp_path / "prices.jsonl", "coinmarketcap", map(push, range(6)))
        async with venue(recording, auth="strict", auth_keys=(ApiKey(KEY),)) as server:
            changes = {"wss://pro-stream.coinmarketcap.com": server.url, "your-api-key": KEY}
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-u", "-W", "ignore", "-c", sample("004", changes), stdout=-1
            )
            assert process.stdout is not None
            try:
                async with asyncio.timeout(HANG_TIMEOUT):
                    return [(await process.stdout.readline()).decode() for _ in range(4)]
            finally:
                process.kill()
                await process.wait()

    lines = run(scenario())
    assert {line.partition("$")[0] for line in lines} == {f"[market@crypto_latest_price] #{cid}: " for cid in (1, 1027)}
    assert all(line.endswith("(-0.2500% 24h)\n") for line in lines)
