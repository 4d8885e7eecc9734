"""The folder of a recorder that was killed is removed by whichever of its processes is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from feedrec.live_messages import FeedPlan, ServePlan

MODULES = ["feedrec.replay.live.states.state_process", "feedrec.replay.live.serve_process"]

_KILLED = """
import json, os, socket, subprocess, sys
module, plan, waits = sys.argv[1:]
ours, theirs = socket.socketpair()
plan = json.dumps({**json.loads(plan), "recorder": os.getpid()})
subprocess.Popen([sys.executable, "-P", "-m", module, plan], stdin=theirs.fileno(), stdout=2)
theirs.close()
if waits == "yes":
    ours.recv(1)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("waits", ["yes", "no"])
@pytest.mark.parametrize("module", MODULES)
def test_when_the_recorder_was_killed_its_folder_is_removed(tmp_path: Path, module: str, waits: str) -> None:
    """Also by one that was started just before; the other may have been killed, and its socket is left."""
    folder = tmp_path / "private"
    folder.mkdir()
    if module == MODULES[1]:
        (folder / "states").touch()
    plan = ServePlan([FeedPlan("coinbase-exchange")], "127.0.0.1", 0, str(folder / "states"))
    command = [sys.executable, "-c", _KILLED, module, msgspec.json.encode(plan).decode(), waits]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as killed:
        assert killed.stderr is not None
        assert killed.stderr.read() == b""  # until all who have it are gone
    assert not folder.exists()
