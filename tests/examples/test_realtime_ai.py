"""The client of a realtime AI in examples/, copied out of the checkout, with its suite."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from feedrec.formats import open_recording
from feedrec.model import Frame

from ..timing import HANG_TIMEOUT, wait_until
from .composite_action import ROOT
from .test_bots import COMMAND, ENVIRONMENT, examples, run

__all__ = ["examples"]

RECORDING = "feeds/conversation.jsonl"
SPOKEN = [
    "1. What does bitcoin cost? It costs 91374.18 dollars.  (460 bytes of speech)",
    "2. Thank you. You are welcome.  (280 bytes of speech)",
]


@pytest.fixture
def folder(examples: Path) -> Path:
    return examples / "realtime_ai"


def said(recording: Path) -> list[tuple[str, str]]:
    """Give what was said in a recording by whom, but for ids."""
    found: list[tuple[str, str]] = []
    with open_recording(recording) as opened:
        for frame in (record for record in opened if isinstance(record, Frame)):
            if frame.binary:
                found.append((frame.direction, frame.payload.hex()))
            else:
                event = {**json.loads(frame.payload), "event_id": "", "reply_to": ""}
                found.append((frame.direction, json.dumps(event)))
    return found


def test_the_suite_passes(folder: Path) -> None:
    assert "3 passed" in run(sys.executable, "-m", "pytest", cwd=folder)


def test_it_runs_by_itself(folder: Path) -> None:
    options = ("--mode", "dialogue", "--match", "ignore:event_id")
    output = run(COMMAND, "replay", RECORDING, *options, "--", sys.executable, "assistant.py", cwd=folder)
    assert output.splitlines() == SPOKEN


def test_the_recording_is_what_its_readme_makes(folder: Path) -> None:
    """With the service and the client as they are: the same conversation, with other ids; and the suite takes it."""
    assert f"-o {RECORDING} -- python assistant.py" in (folder / "README.md").read_text()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / RECORDING).unlink()
    service = subprocess.Popen([sys.executable, "murmur.py"], cwd=folder, env={**ENVIRONMENT, "MURMUR_PORT": str(port)})
    try:
        wait_until(lambda: is_listening(port))
        proxy = (COMMAND, "proxy", "--to", f"ws://127.0.0.1:{port}", "-o", RECORDING)
        assert run(*proxy, "--", sys.executable, "assistant.py", cwd=folder).splitlines() == SPOKEN
    finally:
        service.kill()
        service.wait(HANG_TIMEOUT)
    assert said(folder / RECORDING) == said(ROOT / "examples" / "realtime_ai" / RECORDING)
    assert "3 passed" in run(sys.executable, "-m", "pytest", cwd=folder)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
