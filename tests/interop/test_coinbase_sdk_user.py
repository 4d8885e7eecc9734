"""The official SDK's client of the user endpoint, unchanged, against `feedrec replay --auth strict`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from feedrec.formats import open_recording
from feedrec.model import Frame

from ..cli.command import background, first_line, interrupt
from ..conversations.recordings import account_recording
from ..test_docs import ROOT, blocks
from ..timing import HANG_TIMEOUT

pytest.importorskip("coinbase.websocket", reason="coinbase-advanced-py is not installed: make test-interop")
from coinbase.websocket import WebsocketResponse, WSUserClient

NAME = "organizations/11111111-2222/apiKeys/33333333-4444"


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    """Give a private key as Coinbase hands it out."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return account_recording(tmp_path / "account.jsonl.zst", orders=73)


@pytest.fixture
def public_key(tmp_path: Path) -> Path:
    path = tmp_path / "public.pem"
    path.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


class Collector:
    """Takes what the SDK hands on, in its thread, until a message is the last that is waited for."""

    def __init__(self, is_last: Callable[[str], bool]) -> None:
        self.messages: list[str] = []
        self.done = threading.Event()
        self._is_last = is_last

    def take(self, message: str) -> None:
        self.messages.append(message)
        if self._is_last(message):
            self.done.set()


def without_number(message: str) -> str:
    return re.sub(r'"sequence_num":\d+', "", message)


def test_the_right_key_gets_the_account(recording: Path, public_key: Path) -> None:
    """Orders in batches, futures, beats, each as recorded but for its number; the SDK's own classes read them."""
    with open_recording(recording) as source:
        recorded = [record.payload.decode() for record in source if isinstance(record, Frame)]
    expected = [without_number(payload) for payload in recorded if '"subscriptions"' not in payload]
    collector = Collector(lambda message: "order-1003" in message)
    options = ("--port", 0, "--speed", 20, "--at-end", "hold", "--auth", "strict", "--auth-key", public_key)
    with background("replay", recording, *options) as process:
        url = first_line(process.stdout)
        client = WSUserClient(api_key=NAME, api_secret=pem(KEY), base_url=url, on_message=collector.take)
        client.open()
        client.user([])
        client.futures_balance_summary()
        client.heartbeats()
        assert collector.done.wait(HANG_TIMEOUT), f"{len(collector.messages)} messages came"
        client.close()
        client.raise_background_exception()
        code, _, err = interrupt(process)
    assert code == 0, err.decode()
    assert b"refused" not in err
    data = [without_number(message) for message in collector.messages if '"subscriptions"' not in message]
    assert data == expected
    parsed = [json.loads(message) for message in collector.messages]
    assert [one["sequence_num"] for one in parsed] == list(range(len(parsed)))
    first = WebsocketResponse(next(one for one in parsed if one["channel"] == "user"))
    assert first.client_id == ""
    assert len(first.events[0].orders) == 50


def test_a_wrong_key_gets_an_authentication_failure(recording: Path, public_key: Path) -> None:
    """As a message, for the socket stays open; whoever runs the replay learns why."""
    collector = Collector(lambda message: "error" in message)
    wrong = pem(ec.generate_private_key(ec.SECP256R1()))
    with background("replay", recording, "--port", 0, "--auth", "strict", "--auth-key", public_key) as process:
        url = first_line(process.stdout)
        client = WSUserClient(api_key=NAME, api_secret=wrong, base_url=url, on_message=collector.take)
        client.open()
        client.user([])
        assert collector.done.wait(HANG_TIMEOUT)
        client.close()
        client.raise_background_exception()
        _, _, err = interrupt(process)
    assert [json.loads(one) for one in collector.messages] == [{"type": "error", "message": "authentication failure"}]
    assert b"asks to subscribe user, refused: its jwt is signed with another key" in err


def test_the_example_of_the_documents_runs(recording: Path, tmp_path: Path) -> None:
    """docs/clients.md, the block of WSUserClient, as it stands but for the port, with the key file that it names."""
    (example,) = blocks(ROOT / "docs" / "clients.md", "python-sdk-user")
    key_file = tmp_path / "cdp_api_key.json"
    key_file.write_text(json.dumps({"name": NAME, "privateKey": pem(KEY)}))
    options = ("--port", 0, "--at-end", "hold", "--auth", "strict", "--auth-key", key_file)
    with background("replay", recording, *options) as process:
        code = example.replace("ws://127.0.0.1:8765", first_line(process.stdout))
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, timeout=HANG_TIMEOUT, check=False
        )
        stopped, _, err = interrupt(process)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.count(b" OPEN\n") >= 73
    assert b"order-0 FILLED" in done.stdout
    assert (stopped, b"refused" in err) == (0, False)
