"""`feedrec replay --mode dialogue`, as a process."""

from __future__ import annotations

import contextlib
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from feedrec.cli.replaying.dialogue import tell_failure
from feedrec.formats.line.codec import encode_event
from feedrec.replay import DialogueFailure

from ...replay.dialogues import Asked, Line, closed, record_dialogue
from ...replay.recordings import START
from ...timing import HANG_TIMEOUT
from ..command import background, feedrec, first_line

PLAYED = ("--port", 0, "--mode", "dialogue", "--speed", "max", "--at-end", "exit", "--match-timeout", HANG_TIMEOUT)
TALK: list[Line] = ['> {"op":"add","id":1}', '< {"id":1,"sum":3}', closed("client")]

SILENT = """
import os
from contextlib import suppress
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
with suppress(ConnectionClosed), connect(os.environ["FEEDREC_URL"]) as venue:
    venue.recv()
"""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return record_dialogue(tmp_path / "talk.jsonl", TALK)


def played(recording: Path, said: Sequence[str], *options: object) -> tuple[list[str | bytes], int, str, str]:
    """Say this, each once the one before was answered; give what was heard, exit code, stdout and stderr."""
    with background("replay", recording, *PLAYED, *options) as process:
        url = first_line(process.stdout)
        heard = []
        with connect(url) as client:
            for one in said:
                client.send(one)
                try:
                    heard.append(client.recv(HANG_TIMEOUT))
                except ConnectionClosed:
                    break
        out, err = process.communicate(timeout=HANG_TIMEOUT)
    return heard, process.returncode, out.decode(), err.decode()


def test_a_conversation_as_it_was_recorded(recording: Path) -> None:
    """It ends by itself once every connection was played."""
    heard, code, out, err = played(recording, ['{"id":7, "op":"add"}'], "--match", "ignore:id")
    assert heard == ['{"id":7,"sum":3}']
    assert code == 0, err
    assert out.startswith("replayed to 1 client (1 finished): 1 frame")


def test_another_message_fails_and_is_shown(recording: Path) -> None:
    said = ['{"op":"sub","id":7,"token":"s3cret"}']
    heard, code, out, err = played(recording, said, "--match", "ignore:id")
    assert (heard, code) == ([], 1)
    assert "s3cret" not in err + out
    lines = err.splitlines()
    place = lines.index("--- recorded")
    assert lines[place - 1].endswith(
        "error: client 1: message 1 of 1 is not the recorded one (connection 0 of talk.jsonl)"
    )
    assert lines[place : place + 8] == [
        "--- recorded",
        "+++ from the client",
        "  {",
        '-   "op": "add"',
        '+   "op": "sub"',
        '    "id": 7',
        '+   "token": "[redacted]"',
        "  }",
    ]
    assert lines[-1].endswith("error: a dialogue was not as recorded: exit code 1")
    assert out.startswith("replayed to 1 client (1 dialogue failed)")


def test_the_failures_are_in_the_json(recording: Path) -> None:
    _, code, out, _ = played(recording, ["{}"], "--json")
    (failure,) = json.loads(out)["failures"]
    assert code == 1
    assert (failure["kind"], failure["client"], failure["message"]) == ("message", 1, 1)
    _, code, out, _ = played(recording, ['{"op":"add","id":1}'], "--json")
    assert (code, json.loads(out)["failures"]) == (0, [])


def test_a_command_that_is_silent_fails(recording: Path, tmp_path: Path) -> None:
    """Though its own exit code is 0."""
    client = tmp_path / "client.py"
    client.write_text(SILENT)
    run_it = ("--", sys.executable, client)
    done = feedrec("replay", recording, "--mode", "dialogue", "--match-timeout", "50ms", *run_it)
    assert done.returncode == 1
    assert "client 1: message 1 of 1 did not come within 0.05 s" in done.stderr.decode()


def test_a_command_that_does_not_come_is_told_of(recording: Path) -> None:
    """With --strict that is a failure."""
    for strict, code in ((["--strict"], 1), ([], 0)):
        done = feedrec("replay", recording, "--mode", "dialogue", *strict, "--", sys.executable, "-c", "")
        assert "warning: no client came" in done.stderr.decode()
        assert done.returncode == code


ASK = """
import os, sys, urllib.error, urllib.request
for target in sys.argv[1:]:
    try:
        with urllib.request.urlopen(os.environ["FEEDREC_REST_URL"] + target) as answer:
            print(answer.read().decode())
    except urllib.error.HTTPError as error:
        print(error.code)
"""


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    """Give a recording of three requests, and a script that sends some."""
    (tmp_path / "ask.py").write_text(ASK)
    header, *_ = record_dialogue(tmp_path / "talk.jsonl", TALK).read_bytes().splitlines(keepends=True)
    asked = [Asked("GET", "/a", "[1]"), Asked("GET", "/b?c=1", "[2]"), Asked("POST", "/a")]
    events = [encode_event(one.event(START + number)) + b"\n" for number, one in enumerate(asked)]
    (tmp_path / "requests.jsonl").write_bytes(b"".join([header, *events]))
    return tmp_path / "requests.jsonl"


def test_requests_that_were_not_sent_are_told(requests: Path) -> None:
    """With --strict that is a failure; those that are repeated are none."""
    command = (sys.executable, requests.parent / "ask.py", "/a", "/b?c=1", "/a")
    for strict, code in ((["--strict"], 1), ([], 0)):
        done = feedrec("replay", requests, "--mode", "dialogue", *strict, "--", *command)
        assert done.stdout.decode().split() == ["[1]", "[2]", "[1]"]
        assert "warning: 1 of 3 recorded requests were not sent: POST /a" in done.stderr.decode()
        assert done.returncode == code


def test_another_request_fails_and_is_shown(requests: Path) -> None:
    command = (sys.executable, requests.parent / "ask.py", "/b?c=2&token=s3cret")
    done = feedrec("replay", requests, "--mode", "dialogue", "--", *command)
    assert (done.returncode, done.stdout) == (1, b"404\n")
    lines = done.stderr.decode().splitlines()
    assert "s3cret" not in done.stderr.decode()
    place = lines.index("--- recorded")
    assert lines[place - 1].endswith("error: GET /b is not the recorded one (request 2 of requests.jsonl)")
    assert lines[place : place + 8] == [
        "--- recorded",
        "+++ from the client",
        "  GET /b",
        "  query {",
        '-   "c": "1"',
        '+   "c": "2"',
        '+   "token": "[redacted]"',
        "  }",
    ]
    assert lines[-1].endswith("error: a dialogue was not as recorded: exit code 1")


def test_where_there_are_only_requests_it_ends_with_the_last(requests: Path) -> None:
    """Which is answered before that; or with the first that is another one."""
    for targets, code in ((("/a", "/b?c=1", "POST"), 0), (("/c",), 1)):
        with background("replay", requests, *PLAYED) as process:
            url = first_line(process.stdout).replace("ws://", "http://")
            for target in targets:
                asked = urllib.request.Request(f"{url}/a", b"") if target == "POST" else f"{url}{target}"
                with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(asked) as answer:
                    assert answer.read() in {b"[1]", b"[2]", b"{}"}
            _, err = process.communicate(timeout=HANG_TIMEOUT)
        assert process.returncode == code, err.decode()


def test_a_recording_without_a_client_is_refused(tmp_path: Path) -> None:
    done = feedrec("replay", record_dialogue(tmp_path / "a.jsonl", ["< A"]), *PLAYED)
    assert done.returncode == 2
    assert "nothing that a client said is recorded there" in done.stderr.decode()


def test_what_is_said_is_bounded_and_visible(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a failure has in it."""
    tell_failure(DialogueFailure(1, "message", "x", difference=("- a\x1b[2J", "  b", "+ c")))
    assert capsys.readouterr().err.splitlines() == ["--- recorded", "+++ from the client", "- a\\x1b[2J", "  b", "+ c"]
    tell_failure(DialogueFailure(1, "surplus client", "x"))
    assert capsys.readouterr().err == ""
