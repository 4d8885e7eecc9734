"""
No secret gets out: not into a recording, a log, an error, `--json` or a traceback.

Secrets are planted wherever a person puts them, and looked for in all that feedrec writes, on every path: runs that
succeed, handshakes that fail, venues that refuse, debug logging, and the replay that receives them.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from feedrec.feeds.credentials import CdpKey
from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header

from .cli.command import Output, background, feedrec, first_line, interrupt

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
    assert b'{"op":"auth","who":"[redacted]","passphrase":"[redacted]"}' in written
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


@pytest.mark.parametrize(
    "text",
    [
        "{",
        json.dumps({"name": CDP_NAME, "privateKey": PEM[:100]}),
        json.dumps({"name": CDP_NAME, "privateKey": [PEM]}),
        json.dumps({"key": KEY, "secret": SECRET, "passphrase": [PASSPHRASE]}),
        PEM,
    ],
)
@pytest.mark.parametrize("endpoint", ["coinbase-advanced-user", "coinbase-exchange-direct"])
def test_key_files_that_are_none(tmp_path: Path, endpoint: str, text: str) -> None:
    """The error says what a key file looks like, and nothing of what stood in this one."""
    folder = search_folder(tmp_path)
    path = tmp_path / "key.json"
    path.write_text(text)
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
