"""`feedrec replay` of several endpoints, and what it demands of credentials, as a process, with real clients."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from feedrec.feeds.credentials import ExchangeKey
from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.model import Frame, Header

from ...timing import HANG_TIMEOUT
from ..command import DEMO, background, feedrec, first_line, interrupt

SECRETS = ("planted-key", "cGxhbnRlZC1zZWNyZXQ=", "planted-passphrase")
KEY = ExchangeKey(*SECRETS)
ACCEPTED = json.dumps(dict(zip(("key", "secret", "passphrase"), SECRETS, strict=True)))


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    """Record five messages of channel full of Exchange, at the time of the demo's recording."""
    with open_recording(DEMO) as recording:
        created = recording.header.created
    writer = create_recording(tmp_path / "exchange.jsonl.zst", Header("coinbase-exchange", created=created))
    for number in range(5):
        message = {"type": "received", "product_id": "BTC-USD", "sequence": 100 + number}
        writer.write_line(encode_frame(Frame(created + number * 1_000_000, 0, json.dumps(message).encode())))
    return writer.finish()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Write an Exchange key file."""
    path = tmp_path / "key.json"
    path.write_text(ACCEPTED)
    path.chmod(0o600)
    return path


def receive_all(url: str, request: dict[str, Any]) -> list[dict[str, Any]]:
    """Say something, and receive until the close or, after an error, the error."""

    async def receive() -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        async with connect(url, max_size=None, max_queue=10_000) as connection:
            await connection.send(json.dumps(request))
            try:
                while not messages or messages[-1]["type"] != "error":
                    message = json.loads(await connection.recv())
                    messages.append({"type": message.get("channel"), **message})
            except ConnectionClosed:
                pass
        return messages

    return asyncio.run(asyncio.wait_for(receive(), HANG_TIMEOUT))


def advanced() -> dict[str, Any]:
    return {"type": "subscribe", "channel": "ticker", "product_ids": ["BTC-USD"]}


def full(**fields: str) -> dict[str, Any]:
    return {"type": "subscribe", "channels": ["full"], "product_ids": ["BTC-USD"], **fields}


def lines_of(error: bytes) -> Iterator[str]:
    yield from error.decode().splitlines()


def test_each_endpoint_has_a_line_on_stdout_and_a_place_in_the_facts(exchange: Path) -> None:
    """Clients of two venues at one server; --json tells what each endpoint gave."""
    options = ("--port", 0, "--speed", "max", "--json", "--auth", "none")
    with background("replay", DEMO, exchange, *options) as process:
        urls = [first_line(process.stdout) for _ in range(2)]
        assert [url.rpartition("/")[2] for url in urls] == ["coinbase-advanced", "coinbase-exchange"]
        tickers = receive_all(urls[0], advanced())
        orders = receive_all(urls[1], full())
        code, out, err = interrupt(process)
    assert {message["type"] for message in tickers} == {"subscriptions", "ticker"}
    assert [message["type"] for message in orders] == ["subscriptions", *["received"] * 5]
    assert code == 0, err.decode()
    facts = json.loads(out)
    assert facts["clients"] == 2
    assert {name: (one["clients"], one["outcomes"]) for name, one in facts["endpoints"].items()} == {
        "coinbase-advanced": (1, {"finished": 1}),
        "coinbase-exchange": (1, {"finished": 1}),
    }


def test_a_command_finds_all_endpoints_by_one_url(exchange: Path) -> None:
    """FEEDREC_URL is that of the first one given; with a path it is that of the others."""
    done = feedrec("replay", exchange, DEMO, "--", "sh", "-c", "echo $FEEDREC_URL")
    assert done.returncode == 0
    url = done.stdout.decode().strip()
    assert f" at {url}/coinbase-exchange, {url}/coinbase-advanced\n" in done.stderr.decode()


def test_credentials_are_checked_and_never_shown(exchange: Path, key_file: Path) -> None:
    """What is signed is served; what is not gets the venue's failure, the reason goes to stderr, and no secret does."""
    signed = dict(KEY.sign(time.time_ns()))
    wrong = {**signed, "passphrase": "planted-other"}
    with background(
        "replay", exchange, "--port", 0, "--speed", "max", "-vv", "--json", "--auth", "strict", "--auth-key", key_file
    ) as process:
        url = first_line(process.stdout)
        assert [message["type"] for message in receive_all(url, full(**signed))][1:] == ["received"] * 5
        assert [message["type"] for message in receive_all(url, full(**wrong))] == ["error"]
        assert [message["type"] for message in receive_all(f"{url}/x?key=planted-query", full())] == ["error"]
        code, out, err = interrupt(process)
    assert code == 0
    log = err.decode()
    assert "client 2 sends credentials that are refused: its passphrase is wrong" in log
    assert "client 3 " in log
    said = log + out.decode()
    assert [one for one in ("planted", SECRETS[1], signed["signature"], signed["timestamp"]) if one in said] == []


def test_any_credentials_will_do_by_default(exchange: Path) -> None:
    """They must be there, but they may be of any kind; without them the venue refuses."""
    present = dict.fromkeys(("signature", "key", "passphrase", "timestamp"), "planted")
    with background("replay", exchange, "--port", 0, "--speed", "max", "-vv") as process:
        url = first_line(process.stdout)
        assert len(receive_all(url, full(**present))) == 6
        assert [message["type"] for message in receive_all(url, full())] == ["error"]
        _, _, err = interrupt(process)
    assert b"planted" not in err


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (None, ("--auth", "strict"), "--auth strict needs --auth-key FILE"),
        (ACCEPTED, ("--auth-key", "key"), "a key to check credentials against is only for 'strict', not for 'any'"),
        (ACCEPTED, ("--auth", "strict", "--auth-key", "key", "--auth-key", "key"), "two keys of one kind"),
        (ACCEPTED, ("--auth", "strict", "--auth-key", "key", "--mode", "verbatim"), "checks no credentials"),
        ("planted", ("--auth", "strict", "--auth-key", "key"), "key: the key to check credentials against is neither"),
        ('{"privateKey":"planted"}', ("--auth", "strict", "--auth-key", "key"), "key: "),
        ("\udcff", ("--auth", "strict", "--auth-key", "key"), "cannot read the key key: not UTF-8 text"),
        (None, ("--auth", "strict", "--auth-key", "none"), "cannot read the key none: No such file or directory"),
        (None, ("--clock", "shared", "--loop"), "no current time to share"),
    ],
)
def test_what_makes_no_sense_is_one_line_that_quotes_no_key(
    tmp_path: Path, text: str | None, options: tuple[str, ...], said: str
) -> None:
    """Exit code 2, as for all that was asked wrongly."""
    if text is not None:
        (tmp_path / "key").write_bytes(text.encode("utf-8", "surrogateescape"))
    done = feedrec("replay", DEMO, "--port", 0, *options, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = lines_of(done.stderr)
    assert line.startswith("feedrec: error: ")
    assert said in line
    assert "planted" not in line
    assert not done.stdout
