"""`feedrec record -e raw`: its options, and what becomes of them on the wire."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from feedrec.formats import open_recording
from feedrec.model import Frame

from ....recorder.venue import Peer, run, text, venue
from ...command import Output, feedrec


def record(
    folder: Path, *options: object, messages: int = 0, env: dict[str, str] | None = None
) -> tuple[Output, bytes]:
    """Record from a venue that sends a frame when it was sent so many messages; return the request it got as well."""
    requests = []

    async def script(peer: Peer) -> None:
        await peer.accept()
        requests.append(peer.request)
        for _ in range(messages):
            await peer.read_frame()
        await peer.write(text(b'{"n":0}'))
        await peer.answer_close()

    async def main() -> Output:
        async with venue(script) as url:
            arguments = ("record", "-e", "raw", "--url", f"{url}/feed?depth=5&Session7=s3cret", *options)
            return await asyncio.to_thread(feedrec, *arguments, "--max-frames", 1, cwd=folder, env=env)

    done = run(main())
    assert done.returncode == 0, done.stderr.decode()
    return done, requests[0]


def sent(path: Path) -> list[bytes]:
    with open_recording(path) as recording:
        return [one.payload for one in recording if isinstance(one, Frame) and one.direction == "out"]


def test_messages_are_sent_in_order_from_text_and_files(tmp_path: Path) -> None:
    """A file is one message, whatever its lines; only the newline at its end is not sent."""
    (tmp_path / "two.json").write_text('{"a":\n1}\n')
    options = ("--send", "one", "--send", "@two.json", "--send", '{"three":3}')
    record(tmp_path, *options, "-o", "x.jsonl", messages=3)
    assert sent(tmp_path / "x.jsonl") == [b"one", b'{"a":\n1}', b'{"three":3}']


def test_headers_go_out_and_are_not_recorded(tmp_path: Path) -> None:
    """From the command line and from a file, one a line; a file that others can read gets a warning."""
    (tmp_path / "headers").write_text("X-Api-Key: s3cret-1\n\nX-Plain:  value \n")
    (tmp_path / "headers").chmod(0o644)
    options = ("--header", "Authorization: Bearer s3cret-2", "--header", "@headers")
    done, request = record(tmp_path, *options, "-vv", "-o", "x.jsonl")
    assert b"Authorization: Bearer s3cret-2\r\n" in request
    assert b"X-Api-Key: s3cret-1\r\n" in request
    assert b"X-Plain: value\r\n" in request
    assert b"other users can read the header file headers: run chmod 600 headers" in done.stderr
    assert b"s3cret-" not in (tmp_path / "x.jsonl").read_bytes() + done.stdout + done.stderr


def test_redacted_keys_are_neither_in_messages_nor_in_the_address(tmp_path: Path) -> None:
    options = ("--redact", "session7", "--redact", "who", "--send", '{"op":"hello","who":"s3cret"}')
    done, request = record(tmp_path, *options, "-vv", "--json", "-o", "x.jsonl", messages=1)
    assert b"Session7=s3cret" in request
    assert sent(tmp_path / "x.jsonl") == [b'{"op":"hello","who":"[redacted]"}']
    written = (tmp_path / "x.jsonl").read_bytes() + done.stdout + done.stderr
    assert b"s3cret" not in written
    assert b"depth=5&Session7=[redacted]" in written


def test_the_file_is_named_after_the_endpoint_alone(tmp_path: Path) -> None:
    record(tmp_path)
    (path,) = tmp_path.iterdir()
    assert re.fullmatch(r"raw_\d{8}T\d{6}Z\.jsonl\.zst", path.name)


def test_messages_in_the_environment_stand_one_on_a_line(tmp_path: Path) -> None:
    record(tmp_path, "-o", "x.jsonl", messages=2, env={"FEEDREC_RECORD_SEND": '{"op": "a b"}\n{"op": 2}'})
    assert sent(tmp_path / "x.jsonl") == [b'{"op": "a b"}', b'{"op": 2}']


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ((), "-e raw needs an address: --url wss://..."),
        (("--url", "ws://127.0.0.1:9", "-c", "x"), "-e raw takes no channels or products: replace -c and -p"),
        (("--url", "ws://127.0.0.1:9", "-p", "x"), "-e raw takes no channels or products: replace -c and -p"),
        (("--url", "http://127.0.0.1:9?k=s3cret", "--redact", "K"), "k=[redacted]' is not a WebSocket address"),
        (("--url", "ws://127.0.0.1:9", "--key-file", "x"), "raw takes no credentials: leave out --key-file"),
        (("--url", "ws://127.0.0.1:9", "--send", "@none"), "cannot read the message file none: No such file"),
        (("--url", "ws://127.0.0.1:9", "--send", b"\xff"), "a message to send is not UTF-8"),
        (("--url", "ws://127.0.0.1:9", "--header", "@none"), "cannot read the header file none: No such file"),
        (("--url", "ws://127.0.0.1:9", "--header", "s3cret"), "invalid header without a colon"),
        (("--url", "ws://127.0.0.1:9", "--header", "A: s3cret", "--header", "a: 1"), "duplicate header a"),
        (("--url", "ws://127.0.0.1:9", "--header", "Host: s3cret"), "the header Host is part of the handshake"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_connects(
    tmp_path: Path, options: tuple[str | bytes, ...], error: str
) -> None:
    given = [option.decode("utf-8", "surrogateescape") if isinstance(option, bytes) else option for option in options]
    done = feedrec("record", "-e", "raw", *given, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1
    assert error in done.stderr.decode()
    assert b"s3cret" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_other_endpoints_know_what_to_send(tmp_path: Path) -> None:
    done = feedrec("record", "--send", "x", "--header", "A: b", cwd=tmp_path)
    assert done.returncode == 2
    assert b"only -e raw takes --send, --header;" in done.stderr
