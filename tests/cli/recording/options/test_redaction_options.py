"""`feedrec record --redact` and `--no-redact`: keys, paths and texts, and what becomes of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from feedrec.cli.recording.options.redaction_options import redaction_of
from feedrec.errors import UsageError
from feedrec.formats import open_recording
from feedrec.model import Frame

from ....recorder.venue import Peer, run, text, venue
from ...command import Output, feedrec, mock_venue

SECRET = "s3cret-listen-key"


def record(folder: Path, *options: object, place: str = "/feed", env: dict[str, str] | None = None) -> Output:
    """Record a frame from a venue that waits for a message first; everything goes to x.jsonl."""

    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.write(text(b'{"n":0}'))
        await peer.answer_close()

    async def main() -> Output:
        async with venue(script) as url:
            arguments = ("record", "-e", "raw", "--url", url + place, *options, "--max-frames", 1, "-o", "x.jsonl")
            return await asyncio.to_thread(feedrec, *arguments, "-vv", "--json", cwd=folder, env=env)

    done = run(main())
    assert done.returncode == 0, done.stderr.decode()
    return done


def sent(path: Path) -> list[bytes]:
    with open_recording(path) as recording:
        return [one.payload for one in recording if isinstance(one, Frame) and one.direction == "out"]


@pytest.mark.parametrize(
    ("option", "message", "shown"),
    [
        ("who", '{"Who":"me", "key2":1}', b'{"Who":"[redacted]", "key2":"[redacted]"}'),
        ("key:$.a[0]", '{"$.a[0]":1,"a":[2]}', b'{"$.a[0]":"[redacted]","a":[2]}'),
        ("$.args[0]", '{"op":"x","args":["a",{"args":["b"]}]}', b'{"op":"x","args":["[redacted]",{"args":["b"]}]}'),
        ("args[*]", '{"op":"x","args":["a",2]}', b'{"op":"x","args":["[redacted]","[redacted]"]}'),
        (f"value:{SECRET}", f'{{"op":"x{SECRET}y"}}', b'{"op":"x[redacted]y"}'),
        ("value:@secrets", f'{{"op":"{SECRET}","b":"another"}}', b'{"op":"[redacted]","b":"[redacted]"}'),
        ("value:env:PLANTED", f'{{"op":"{SECRET}"}}', b'{"op":"[redacted]"}'),
    ],
)
def test_what_is_named_is_not_recorded(tmp_path: Path, option: str, message: str, shown: bytes) -> None:
    """A key in any case, a place in the message, a text: given as it is, in a file, in a variable."""
    (tmp_path / "secrets").write_text(f"{SECRET}\n\nanother\n")
    (tmp_path / "secrets").chmod(0o600)
    done = record(tmp_path, "--redact", option, "--send", message, env={"PLANTED": SECRET})
    assert sent(tmp_path / "x.jsonl") == [shown]
    assert b"warning" not in done.stderr
    assert (tmp_path / "x.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_text_in_an_address_is_nowhere(tmp_path: Path) -> None:
    """In its path, however it is written; not in the header, the events, the log or the result."""
    place = f"/ws/{SECRET}?x=%73{SECRET[1:]}"
    done = record(tmp_path, "--redact", f"value:{SECRET}", "--send", "hello", place=place)
    written = (tmp_path / "x.jsonl").read_bytes() + done.stdout + done.stderr
    assert SECRET.encode() not in written
    assert SECRET[1:].encode() not in written
    assert written.count(b"/ws/[redacted]?x=[redacted]") >= 3


def test_what_matches_nothing_is_reported_at_the_end_of_a_short_run(tmp_path: Path) -> None:
    """One warning each, by the name that was given, never with a secret text."""
    options = [f"value:{SECRET}", "value:env:PLANTED", "$.args[7]", "tikcet", "session7"]
    redact = [part for option in options for part in ("--redact", option)]
    place = "/?session7=x"
    done = record(tmp_path, *redact, "--send", '{"op":"x"}', place=place, env={"PLANTED": "an-0ther-secret"})
    warnings = [line.partition(" warning: ")[2] for line in done.stderr.decode().splitlines() if " warning: " in line]
    assert [line.partition(": nothing")[0] for line in warnings] == [
        "redact tikcet",
        "redact $.args[7]",
        "redact value:... (option 1)",
        "redact value:env:PLANTED",
    ]
    assert SECRET.encode() not in done.stderr


def test_a_key_can_be_recorded_although_it_looks_secret(tmp_path: Path) -> None:
    message = '{"event":"subscribe","key":"trade:1m:tBTCUSD","apiKey":"x"}'
    record(tmp_path, "--no-redact", "KEY", "--send", message, place="/?key=1")
    assert sent(tmp_path / "x.jsonl") == [message.replace('"x"', '"[redacted]"').encode()]
    assert b"/?key=1" in (tmp_path / "x.jsonl").read_bytes()


def test_named_endpoints_take_them_too_and_the_environment_has_one_on_a_line(tmp_path: Path) -> None:
    environment = {"FEEDREC_RECORD_REDACT": "product_ids\n$.channel", "FEEDREC_RECORD_NO_REDACT": "jwt"}
    with mock_venue() as url:
        done = feedrec("record", "--url", url, "--max-frames", 5, "-o", "x.jsonl", cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr.decode()
    assert b'{"type":"subscribe","product_ids":"[redacted]","channel":"[redacted]"}' in sent(tmp_path / "x.jsonl")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--redact", "$x"], "'$x' is not a path in a message: write one such as $.args[0]"),
        (["--redact", "value:abc"], "value:... (option 1) is too short to be redacted: it must have at least 4"),
        (["--redact", "value:env:PLANTED_NOT"], "--redact value:env:PLANTED_NOT: the variable is not set, or empty"),
        (["--redact", "value:@none"], "cannot read the file of secrets none: No such file"),
        (["--redact", "value:@empty"], "--redact value:@empty: the file is empty"),
        (["--redact", ""], "--redact and --no-redact need the name of a key"),
        (["--redact", "who", "--no-redact", "WHO"], "the key 'who' is both to be redacted and not"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_connects(
    tmp_path: Path, options: Sequence[str], error: str
) -> None:
    (tmp_path / "empty").touch(0o600)
    done = feedrec("record", "-e", "raw", "--url", "ws://127.0.0.1:9", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1
    assert error in done.stderr.decode()
    assert b"abc" not in done.stderr


def test_a_file_of_secrets_that_others_can_read_gets_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "secrets"
    path.write_text("one secret\n")
    path.chmod(0o644)
    logger = logging.getLogger("feedrec")
    logger.addHandler(caplog.handler)
    try:
        redaction = redaction_of([f"value:@{path}"], ())
    finally:
        logger.removeHandler(caplog.handler)
    assert "other users can read the file of secrets" in caplog.text
    assert redaction.unmatched == [f"value:@{path}"]


def test_names_of_secrets_never_have_the_secret() -> None:
    redaction = redaction_of(["a", "value:first-s3cret", "value:env:X"], (), {"X": "second-s3cret"})
    assert redaction.unmatched == ["a", "value:... (option 2)", "value:env:X"]
    with pytest.raises(UsageError) as caught:
        redaction_of(["value:env:X"], (), {})
    assert "value:env:X" in str(caught.value)
