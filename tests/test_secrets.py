"""
No secret gets out: not into a recording, a log, an error, `--json` or a traceback.

Secrets are planted wherever a person puts them, and looked for in all that feedrec writes, on every path: runs that
succeed, handshakes that fail, venues that refuse, debug logging, and the replay that receives them.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from feedrec.feeds.credentials import CdpKey
from feedrec.formats import create_recording, open_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header

from .cli.command import Output, background, feedrec, first_line, interrupt, mock_venue
from .cli.rest_venue import rest_venue
from .recorder.venue import Peer, close, run, text, venue

START = 1_795_280_400 * NANOSECONDS
PASSPHRASE = "pass-4f1c9e"
SECRET = base64.b64encode(b"a planted secret").decode()
KEY = "key-77ab03"
CDP_NAME = "organizations/planted/apiKeys/0e44"
PRIVATE_KEY = ec.generate_private_key(ec.SECP256R1())
PEM = PRIVATE_KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
PUBLIC_PEM = PRIVATE_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
IN_URL = "url-secret-5d20"

EXCHANGE = {
    "COINBASE_EXCHANGE_API_KEY": KEY,
    "COINBASE_EXCHANGE_API_SECRET": SECRET,
    "COINBASE_EXCHANGE_API_PASSPHRASE": PASSPHRASE,
}
CDP = {"COINBASE_API_KEY": CDP_NAME, "COINBASE_API_SECRET": PEM.replace("\n", "\\n")}

PLANTED = [PASSPHRASE, SECRET, "a planted secret", KEY, IN_URL, *CdpKey(CDP_NAME, PEM).secrets]
SIGNED = [
    re.compile(rb"eyJ[\w-]{10,}\.[\w-]*"),  # a JWT, wherever it stands
    re.compile(rb'"signature"\s*:\s*"(?!\[redacted\])'),
]


def everything(folder: Path, *outputs: Output) -> bytes:
    """Give all that was written: streams and files, unpacked where they are packed."""
    texts = [stream for output in outputs for stream in (output.stdout, output.stderr)]
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            texts.append(data)
            with contextlib.suppress(zstandard.ZstdError):
                texts.append(zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read())
    return b"\n".join(texts)


def assert_clean(written: bytes) -> None:
    for planted in PLANTED:
        assert planted.encode() not in written, planted[:4]
    for pattern in SIGNED:
        assert not pattern.search(written), pattern


@contextlib.contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Answer every handshake with the same bytes."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = server.accept()
                with peer:
                    peer.recv(65536)
                    peer.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    with server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def venue_files(tmp_path: Path) -> dict[str, Path]:
    """Write a small recording of each endpoint, away from what is searched."""
    folder = tmp_path / "venue"
    folder.mkdir()
    exchange = create_recording(folder / "exchange.jsonl", Header("coinbase-exchange-direct", created=START))
    exchange.write(Event(START, 0, "open", {}))
    exchange.write(Frame(START, 0, b'{"type":"snapshot","product_id":"BTC-USD","asks":[],"bids":[["1.00","2"]]}'))
    exchange.write(
        Frame(START + 1, 0, b'{"type":"l2update","product_id":"BTC-USD","changes":[["buy","1.00","0"]],"time":"x"}')
    )
    user = create_recording(folder / "user.jsonl", Header("coinbase-advanced-user", created=START))
    user.write(Event(START, 0, "open", {}))
    snapshot = {
        "channel": "user",
        "client_id": "",
        "timestamp": "2026-11-21T17:00:00Z",
        "sequence_num": 0,
        "events": [{"type": "snapshot", "orders": []}],
    }
    user.write(Frame(START, 0, json.dumps(snapshot, separators=(",", ":")).encode()))
    return {"exchange": exchange.finish(), "user": user.finish()}


def search_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "searched"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("auth", ["any", "strict"])
@pytest.mark.parametrize(
    ("endpoint", "environment", "channel"),
    [
        ("coinbase-exchange-direct", EXCHANGE, "level2"),
        ("coinbase-advanced-user", CDP, "user"),
    ],
)
def test_a_run_with_credentials(
    tmp_path: Path, venue_files: dict[str, Path], endpoint: str, environment: dict[str, str], channel: str, auth: str
) -> None:
    """Accepted by the venue, recorded, replayed: the secrets are nowhere, and the frames are all there."""
    folder = search_folder(tmp_path)
    is_user = endpoint == "coinbase-advanced-user"
    venue_file = venue_files["user" if is_user else "exchange"]
    key_file = tmp_path / "auth-key"
    exchange_file = json.dumps({"key": KEY, "secret": SECRET, "passphrase": PASSPHRASE})
    key_file.write_text(PUBLIC_PEM if is_user else exchange_file)
    options = ("--auth", auth, *(("--auth-key", key_file) if auth == "strict" else ()))
    with background("replay", venue_file, "--port", 0, "-vv", "--at-end", "hold", *options) as server:
        url = f"{first_line(server.stdout)}/?api_key={IN_URL}"
        done = feedrec(
            "record", "-e", endpoint, "--url", url, "-c", channel, "-p", "BTC-USD", "--no-heartbeats", "-vv", "--json",
            "--max-frames", 2, "-o", folder / "x.jsonl.zst", env=environment,
        )  # fmt: skip
        code, out, err = interrupt(server)
    assert done.returncode == 0, done.stderr.decode()
    assert code == 0
    written = everything(folder, done, Output([], code, out, err))
    assert b'"redacted":true' in written
    assert_clean(written)


@pytest.mark.parametrize(
    ("endpoint", "environment", "channel"),
    [("coinbase-exchange-direct", EXCHANGE, "level2"), ("coinbase-advanced-user", CDP, "user")],
)
def test_a_venue_that_refuses_the_key(
    tmp_path: Path, venue_files: dict[str, Path], endpoint: str, environment: dict[str, str], channel: str
) -> None:
    """The venue's refusal ends the run with a line that says what to do, on both sides without the key."""
    folder = search_folder(tmp_path)
    is_user = endpoint == "coinbase-advanced-user"
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    key_file = tmp_path / "auth-key"
    wrong = json.dumps({"key": KEY, "secret": base64.b64encode(b"another").decode(), "passphrase": PASSPHRASE})
    other_pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    key_file.write_text(other_pem if is_user else wrong)
    venue_file = venue_files["user" if is_user else "exchange"]
    with background("replay", venue_file, "--port", 0, "-vv", "--auth", "strict", "--auth-key", key_file) as server:
        done = feedrec(
            "record", "-e", endpoint, "--url", first_line(server.stdout), "-c", channel, "-p", "BTC-USD", "-vv",
            "-o", folder / "x.jsonl.zst", env=environment,
        )  # fmt: skip
        code, out, err = interrupt(server)
    assert done.returncode == 1
    assert b"uthentication" in done.stderr
    assert b"refused" in err
    assert_clean(everything(folder, done, Output([], code, out, err)))


@pytest.mark.parametrize("debug", ["", "1"])
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno!",
        b"HTTP/1.1 302 Found\r\nLocation: ws://elsewhere.test/\r\nContent-Length: 0\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_a_handshake_that_fails(tmp_path: Path, answer: bytes, debug: str) -> None:
    """Whatever the venue answers, address and keys stay out of what is said, with FEEDREC_DEBUG too."""
    folder = search_folder(tmp_path)
    with answering(answer) as address:
        url = f"ws://{IN_URL}:{IN_URL}@{address}/{'?'}token={IN_URL}&CMC_PRO_API_KEY={IN_URL}"
        done = feedrec(
            "record", "-e", "coinbase-exchange-direct", "--url", url, "-vv", "--json", "-o", folder / "x.jsonl",
            env={**EXCHANGE, **CDP, "FEEDREC_DEBUG": debug},
        )  # fmt: skip
    assert done.returncode != 0
    assert_clean(everything(folder, done))


def raw_options(folder: Path) -> list[object]:
    """Plant secrets in messages and headers, given as they are and in files."""
    (folder / "login.json").write_text(json.dumps({"op": "login", "args": [{"who": KEY, "signature": SECRET}]}))
    (folder / "headers").write_text(f"X-Key: {KEY}\nX-Pass: {PASSPHRASE}\n")
    message = json.dumps({"op": "auth", "who": PASSPHRASE, "passphrase": PASSPHRASE})
    options: list[object] = ["-e", "raw", "--send", message, "--send", f"@{folder / 'login.json'}", "--redact", "who"]
    return [*options, "--header", f"Authorization: Bearer {SECRET}", "--header", f"@{folder / 'headers'}"]


def test_a_raw_run(tmp_path: Path, venue_files: dict[str, Path]) -> None:
    """Secrets in headers, in what is sent and in the address are nowhere; what the venue says is recorded."""
    folder = search_folder(tmp_path)
    with background("replay", venue_files["exchange"], "--port", 0, "-vv", "--mode", "verbatim") as server:
        url = f"{first_line(server.stdout)}/?who={IN_URL}&access_token={IN_URL}"
        done = feedrec(
            "record", *raw_options(tmp_path), "--url", url, "-vv", "--json", "--max-frames", 2,
            "-o", folder / "x.jsonl.zst",
        )  # fmt: skip
        code, out, err = interrupt(server)
    assert done.returncode == 0, done.stderr.decode()
    written = everything(folder, done, Output([], code, out, err))
    assert written.count(b'"redacted":true') == 2
    assert b'{"op": "auth", "who": "[redacted]", "passphrase": "[redacted]"}' in written
    assert b"who=[redacted]" in written
    assert_clean(written)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno!",
        f"HTTP/1.1 302 Found\r\nLocation: ws://elsewhere.test/?who={IN_URL}\r\nContent-Length: 0\r\n\r\n".encode(),
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_a_raw_handshake_that_fails(tmp_path: Path, answer: bytes) -> None:
    folder = search_folder(tmp_path)
    with answering(answer) as address:
        url = f"ws://{address}/?who={IN_URL}"
        done = feedrec(
            "record", *raw_options(tmp_path), "--url", url, "-vv", "--json", "-o", folder / "x.jsonl",
            env={"FEEDREC_DEBUG": "1"},
        )  # fmt: skip
    assert done.returncode == 1
    assert_clean(everything(folder, done))


PROOF = "S3CRET-proof-of-who-we-are"
NUMBER = 53_535_353_535
SENT_TO_VENUES: dict[str, list[dict[str, Any]]] = {
    "Binance": [{"method": "session.logon", "params": {"apiKey": PROOF, "signature": PROOF, "timestamp": 1}}],
    "Bitfinex": [
        {"event": "auth", "apiKey": PROOF, "authSig": PROOF, "authNonce": NUMBER, "authPayload": f"AUTH{PROOF}"}
    ],
    "BitMEX": [{"op": "authKeyExpires", "args": [PROOF, NUMBER, PROOF]}],
    "Bybit": [{"req_id": "1", "op": "auth", "args": [PROOF, NUMBER, PROOF]}],
    "Coinbase": [{"type": "subscribe", "jwt": PROOF}, {"key": PROOF, "passphrase": PROOF, "signature": PROOF}],
    "CoinEx": [{"method": "server.sign", "params": {"access_id": PROOF, "signed_str": PROOF}, "id": 1}],
    "Deribit": [
        {"method": "public/auth", "params": {"client_id": PROOF, "client_secret": PROOF}},
        {"method": "public/auth", "params": {"grant_type": "refresh_token", "refresh_token": PROOF}},
        {"method": "private/subscribe", "params": {"access_token": PROOF}},
    ],
    "Gate.io": [{"channel": "spot.orders", "auth": {"method": "api_key", "KEY": PROOF, "SIGN": PROOF}}],
    "HTX": [{"action": "req", "ch": "auth", "params": {"authType": "api", "accessKey": PROOF, "signature": PROOF}}],
    "Kraken": [{"method": "subscribe", "params": {"channel": "executions", "token": PROOF}}],
    "OKX": [{"op": "login", "args": [{"apiKey": PROOF, "passphrase": PROOF, "timestamp": "1", "sign": PROOF}]}],
    "Phemex": [{"method": "user.auth", "params": ["API", PROOF, PROOF, NUMBER], "id": 1}],
    "WhiteBIT": [{"id": 1, "method": "authorize", "params": [PROOF, "public"]}],
    "in a string": [{"data": json.dumps({"token": PROOF})}],
}
LISTEN_KEY = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65A1"


def echo(folder: Path, *options: object, place: str = "", rounds: int = 1) -> tuple[Output, bytes]:
    """Record from a venue that reads so many messages before it says one; give all that is written."""

    async def script(peer: Peer) -> None:
        await peer.accept()
        for _ in range(rounds):
            await peer.read_frame()
        await peer.write(text(b'{"n":0}'))
        await peer.answer_close()

    async def main() -> Output:
        async with venue(script) as url:
            arguments = ("record", "-e", "raw", "--url", url + place, *options, "--max-frames", 1)
            return await asyncio.to_thread(feedrec, *arguments, "-vv", "--json", env={"FEEDREC_DEBUG": "1"}, cwd=folder)

    done = run(main())
    assert done.returncode == 0, done.stderr.decode()
    return done, everything(folder, done)


@pytest.mark.parametrize("output", ["x.jsonl", "x.jsonl.zst", "x.parquet"])
def test_what_venues_want_for_a_login_is_nowhere(tmp_path: Path, output: str) -> None:
    """All of them as they are documented, in any format; the rest of each is there, byte for byte."""
    folder = search_folder(tmp_path)
    messages = [json.dumps(message) for messages in SENT_TO_VENUES.values() for message in messages]
    options = [part for message in messages for part in ("--send", message)]
    headers = ("--header", f"X-MBX-APIKEY: {PROOF}", "--header", f"Cookie: a={PROOF}", "--header", "User-Agent: me/1")
    place = f"/ws/{LISTEN_KEY}?token={PROOF}&connectId=1"
    _, written = echo(folder, *options, *headers, "-o", output, place=place, rounds=len(messages))
    for secret in (PROOF, str(NUMBER), LISTEN_KEY):
        assert secret.encode() not in written
    with open_recording(folder / output) as recording:
        assert recording.header.url.endswith("/ws/[redacted]?token=[redacted]&connectId=1")
        shown = [one for one in recording if isinstance(one, Frame) and one.direction == "out"]
    assert all(frame.redacted for frame in shown)
    assert len(shown) == len(messages)
    assert b'"timestamp": 1}' in shown[0].payload
    bybit = b'{"req_id": "1", "op": "auth", "args": ["[redacted]", "[redacted]", "[redacted]"]}'
    assert bybit in [frame.payload for frame in shown]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_what_a_venue_says_is_recorded_as_it_is_even_a_secret(tmp_path: Path) -> None:
    """Received frames stay byte for byte; the log and the events about them are clean all the same."""

    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.write(text(b'{"echo":"%b"}' % PROOF.encode()), close(1008, f"bad {PROOF}"))
        await peer.read_until_close()

    async def main() -> Output:
        async with venue(script) as url:
            arguments = ("record", "-e", "raw", "--url", url, "--send", json.dumps({"apiKey": PROOF}), "-vv")
            return await asyncio.to_thread(feedrec, *arguments, "--max-frames", 3, "-o", tmp_path / "x.jsonl")

    done = run(main())
    assert PROOF.encode() not in done.stderr + done.stdout
    assert b"closed: code 1008 (bad [redacted])" in done.stderr
    with open_recording(tmp_path / "x.jsonl") as recording:
        records = list(recording)
    received = [one.payload for one in records if isinstance(one, Frame) and one.direction == "in"]
    assert received == [b'{"echo":"%b"}' % PROOF.encode()] * 3
    reasons = {one.details["reason"] for one in records if isinstance(one, Event) and one.name == "close"}
    assert f"bad {PROOF}" not in reasons
    assert "bad [redacted]" in reasons


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy"])
@pytest.mark.parametrize(
    "proxy", ["http://{0}:{0}@127.0.0.1:9", "http://{0}:{0}@[127", "nonsense://{0}:{0}@h:1", "{0}:{0}@h"]
)
def test_the_password_of_a_proxy_is_not_told(tmp_path: Path, variable: str, proxy: str) -> None:
    scheme = "wss" if variable == "https_proxy" else "ws"
    arguments = ("record", "-e", "raw", "--url", f"{scheme}://feedrec.invalid:1/?token={PROOF}", "-vv", "--json")
    environment = {variable: proxy.format(PROOF), "FEEDREC_DEBUG": "1", "no_proxy": ""}
    done = feedrec(*arguments, "-o", "x.jsonl", cwd=tmp_path, env=environment)
    assert done.returncode == 1
    assert b"cannot connect to" in done.stderr
    assert PROOF.encode() not in everything(tmp_path, done)


def test_a_failover_and_its_reasons_have_no_secret(tmp_path: Path) -> None:
    folder = search_folder(tmp_path)

    async def script(peer: Peer) -> None:
        await peer.accept(text(b'{"n":0}'))
        await peer.answer_close()

    async def main() -> Output:
        with answering(f"HTTP/1.1 302 Found\r\nLocation: ws://h.test/{PROOF}?token={PROOF}\r\n\r\n".encode()) as down:
            async with venue(script) as url:
                addresses = ("--url", f"ws://{down}/?key={PROOF}", "--failover-url", f"{url}/?listenKey={PROOF}")
                options = ("--redact", f"value:{PROOF}", "--max-frames", 1, "-vv", "--json", "-o", folder / "x.jsonl")
                return await asyncio.to_thread(feedrec, "record", "-e", "raw", *addresses, *options)

    done = run(main())
    assert done.returncode == 0, done.stderr.decode()
    written = everything(folder, done)
    assert b'"event":"failover"' in written
    assert PROOF.encode() not in written


@pytest.mark.parametrize(
    "content",
    [
        "{",
        json.dumps({"name": CDP_NAME, "privateKey": PEM[:100]}),
        json.dumps({"name": CDP_NAME, "privateKey": [PEM]}),
        json.dumps({"key": KEY, "secret": SECRET, "passphrase": [PASSPHRASE]}),
        PEM,
    ],
)
@pytest.mark.parametrize("endpoint", ["coinbase-advanced-user", "coinbase-exchange-direct"])
def test_key_files_that_are_none(tmp_path: Path, endpoint: str, content: str) -> None:
    """The error says what a key file looks like, and nothing of what stood in this one."""
    folder = search_folder(tmp_path)
    path = tmp_path / "key.json"
    path.write_text(content)
    done = feedrec("record", "-e", endpoint, "--url", "ws://127.0.0.1:9", "--key-file", path, "-vv", cwd=folder)
    assert done.returncode == 2
    assert_clean(everything(folder, done))


def test_a_key_file_that_others_can_read_gets_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps({"key": KEY, "secret": SECRET, "passphrase": PASSPHRASE}))
    command = ("record", "-e", "coinbase-exchange-direct", "--url", "ws://127.0.0.1:9", "--key-file", path)
    path.chmod(0o644)
    assert b"chmod 600" in feedrec(*command, cwd=tmp_path).stderr
    path.chmod(0o600)
    assert b"chmod 600" not in feedrec(*command, cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("endpoint", "channel", "names"),
    [
        ("coinbase-exchange", "full", list(EXCHANGE)),
        ("coinbase-exchange-direct", "ticker", list(EXCHANGE)),
        ("coinbase-advanced", "user", list(CDP)),
        ("coinbase-advanced-user", "user", list(CDP)),
    ],
)
def test_what_needs_credentials_says_which_variables_before_anything_connects(
    tmp_path: Path, endpoint: str, channel: str, names: list[str]
) -> None:
    with answering(b"") as address:
        done = feedrec("record", "-e", endpoint, "-c", channel, "--url", f"ws://{address}", cwd=tmp_path)
    assert done.returncode == 2
    assert all(name.encode() in done.stderr for name in names)
    assert b"connect" not in done.stderr
    assert list(tmp_path.iterdir()) == []


REST_JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJl"
REST_SECRETS = {
    "Authorization": f"Bearer {REST_JWT}",
    "Cookie": "session=cookie-4f1c9e77a0b1",
    "CB-ACCESS-KEY": "cb-key-4f1c9e77",
    "CB-ACCESS-SIGN": "c2lnbmVkLWJ5LW1l",
    "CB-ACCESS-PASSPHRASE": "cb-pass-4f1c9e77",
    "X-CMC_PRO_API_KEY": "cmc-key-4f1c9e77",
}
IN_COOKIE, IN_QUERY, IN_BODY = "set-cookie-4f1c9e77", "query-4f1c9e77", "body-4f1c9e77"


def assert_no_rest_secret(written: bytes, *more: str) -> None:
    parts = [value.rpartition(" ")[2].rpartition("=")[2] or value for value in REST_SECRETS.values()]
    for planted in (*parts, IN_COOKIE, IN_QUERY, *more):
        assert planted.encode() not in written, planted


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst"])
def test_requests_that_go_through_a_proxy(tmp_path: Path, suffix: str) -> None:
    """The venue gets all of it, and answers with it, and with a cookie, which the application gets."""
    folder = search_folder(tmp_path)
    with rest_venue(set_cookie=f"a={IN_COOKIE}") as venue:
        to = ("--to", "ws://127.0.0.1:9", "--rest-to", venue.url)
        with background("proxy", *to, "--port", 0, "-o", folder / f"x{suffix}", "-vv") as proxy:
            there = f"http{first_line(proxy.stdout).removeprefix('ws')}"
            for method, body in (("GET", None), ("POST", b'{"side":"buy","api_secret":"%b"}' % IN_BODY.encode())):
                asked = f"{there}/orders?api_key={IN_QUERY}&product_id=BTC-USD"
                request = urllib.request.Request(asked, body, REST_SECRETS, method=method)
                with urllib.request.urlopen(request) as answer:
                    said = answer.read()
                    assert answer.headers["set-cookie"] == f"a={IN_COOKIE}"
                assert all(value.encode() in said for value in (*REST_SECRETS.values(), IN_QUERY))
            code, out, err = interrupt(proxy)
    assert code == 0, err
    written = everything(folder, Output([], code, out, err))
    assert written.count(b"product_id=BTC-USD") >= 2
    assert b'"side":"buy"' in written
    assert_no_rest_secret(written)


def test_requests_that_fail_at_a_proxy(tmp_path: Path) -> None:
    folder = search_folder(tmp_path)
    to = ("--to", "ws://127.0.0.1:9", "--rest-to", f"http://user:{IN_BODY}@127.0.0.1:9")
    with background("proxy", *to, "--port", 0, "-o", folder / "x.jsonl", "-vv") as proxy:
        there = f"http{first_line(proxy.stdout).removeprefix('ws')}"
        request = urllib.request.Request(f"{there}/orders?api_key={IN_QUERY}", headers=REST_SECRETS)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        said = refused.value.read()
        code, out, err = interrupt(proxy)
    assert b"cannot get an answer from http://127.0.0.1:9/orders?api_key=[redacted]" in said
    assert_no_rest_secret(everything(folder, Output([], code, out, err)) + said, IN_BODY)


def test_what_is_asked_beside_a_feed_at_an_address_with_a_password(tmp_path: Path) -> None:
    folder = search_folder(tmp_path)
    with mock_venue() as feed, rest_venue(set_cookie=f"a={IN_COOKIE}") as venue:
        rest = f"http://user:{IN_BODY}@{venue.url.removeprefix('http://')}"
        done = feedrec(
            "record", "--url", feed, "-c", "ticker", "--rest", "--rest-url", rest, "--duration", "3s", "-vv", "--json",
            "-o", folder / "x.jsonl",
        )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["requests"] > 0
    assert_no_rest_secret(everything(folder, done), IN_BODY, base64.b64encode(f"user:{IN_BODY}".encode()).decode())
