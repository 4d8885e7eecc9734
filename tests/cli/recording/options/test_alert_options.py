"""A command is run for each incident, and gets it whole."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from feedrec.cli.recording.options.alert_options import Alerts
from feedrec.model import parse_time
from feedrec.recorder.commands.command import Command
from feedrec.recorder.watching.incidents import Incident, Incidents

from ....timing import HANG_TIMEOUT
from ...command import feedrec

KEEP = """
import json, sys
with open(sys.argv[1], "a") as file:
    json.dump([sys.argv[2:], json.load(sys.stdin)], file)
    file.write("\\n")
"""
MOMENT = parse_time("2026-11-21T17:00:00Z")


def test_an_incident_is_one_argument_each_and_json(tmp_path: Path) -> None:
    """Whatever a venue writes, no shell sees it."""
    text = "5 frames are missing; rm -rf '/'\n$(reboot)"
    incident = Incident("gap", MOMENT, "btc", "coinbase-advanced", text, {"expected": 7, "received": 12})
    (tmp_path / "keep.py").write_text(KEEP)
    incidents, kept = Incidents(), tmp_path / "kept"

    async def run() -> Alerts:
        command = (
            f"{sys.executable} '{tmp_path}/keep.py' '{kept}' {{kind}} 'at {{time}}' {{feed}}/{{endpoint}} {{text}}"
        )
        alerts = Alerts(Command.parse(command, ("kind", "time", "feed", "endpoint", "text")), HANG_TIMEOUT, incidents)
        incidents.tell(incident)
        await alerts.finish()
        return alerts

    alerts = asyncio.run(run())
    arguments, event = json.loads(kept.read_text())
    assert arguments == ["gap", "at 2026-11-21T17:00:00.000000000Z", "btc/coinbase-advanced", text]
    assert event == incident.as_dict()
    assert (alerts.runner.runs, alerts.runner.failures) == (1, 0)


def test_one_that_hangs_is_ended_with_the_run(caplog: pytest.LogCaptureFixture) -> None:
    incidents = Incidents()

    async def run() -> None:
        alerts = Alerts(Command.parse("sleep 1000", ()), 0.2, incidents)
        for _ in range(3):
            incidents.tell(Incident("ended", MOMENT, "btc", "coinbase-advanced", "it is over"))
        await alerts.finish()

    asyncio.run(asyncio.wait_for(run(), HANG_TIMEOUT))
    assert sum("the alert command failed" in record.message for record in caplog.records) <= 1


@pytest.mark.parametrize("check", [(), ("--check",)])
@pytest.mark.parametrize(("command", "text"), [("sleep {file}", "{file}"), ("no-such-program", "no-such-program")])
def test_a_command_that_cannot_be_run_is_refused_before_anything_is_connected(
    command: str, text: str, check: tuple[str, ...]
) -> None:
    done = feedrec("record", "--url", "ws://127.0.0.1:1", "--alert", command, *check)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert text.encode() in done.stderr
