"""A supervisor hears that the recorder is ready, how it stands, and that it is alive."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from feedrec.cli.recording.supervisor import STATUS_EVERY, Heartbeat, Supervisor, _Report
from feedrec.recorder import Progress
from feedrec.recorder.output.counting_writer import Counts

from ...timing import HANG_TIMEOUT
from ..command import DEMO, background, feedrec, interrupt, mock_venue


class Told(Supervisor):
    """A supervisor whose messages are kept."""

    def __init__(self) -> None:
        super().__init__("/nowhere")
        self.messages: list[str] = []

    def tell(self, *assignments: str) -> None:
        self.messages.append(" ".join(assignments))


class Standing:
    """A run that stands as it is told to."""

    def __init__(self) -> None:
        self.progress = Progress("connecting", 0.0, Counts(), 0)

    def becomes(self, state: str, connections: int) -> None:
        self.progress = Progress(state, 1.0, Counts(connections=connections), 0)


def listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(path))
    listener.settimeout(HANG_TIMEOUT)
    return listener


def test_ready_is_said_once_when_the_first_connection_is_open() -> None:
    told, run = Told(), Standing()
    report = _Report(told, run, lambda _, now: now.state)
    report.look(0.0)
    report.look(1.0)
    run.becomes("recording", 1)
    report.look(2.0)
    report.look(3.0)
    run.becomes("reconnecting", 1)
    report.look(3.0 + STATUS_EVERY)
    assert told.messages == ["STATUS=connecting", "READY=1 STATUS=recording", "STATUS=reconnecting"]


def test_a_recorder_that_has_nothing_to_record_is_ready() -> None:
    """Else a service manager would end it, and it could not take what it is given later."""
    told, run = Told(), Standing()
    run.becomes("idle", 0)
    _Report(told, run, lambda _, now: now.state).look(0.0)
    assert told.messages == ["READY=1 STATUS=idle"]


def test_a_loop_that_hangs_is_not_alive_and_one_that_is_over_is() -> None:
    seconds = 0.0
    heartbeat = Heartbeat(Told(), lambda: seconds)
    heartbeat.beat()
    seconds = 9.0
    assert heartbeat.is_alive
    seconds = 11.0
    assert not heartbeat.is_alive
    heartbeat.beat()
    assert heartbeat.is_alive
    seconds = 1000.0
    heartbeat.end()
    assert heartbeat.is_alive


@pytest.mark.parametrize(
    ("variables", "watchdog"),
    [
        ({"NOTIFY_SOCKET": "/run/notify"}, None),
        ({"NOTIFY_SOCKET": "@abstract", "WATCHDOG_USEC": "3000000"}, 3.0),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "soon"}, None),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_watchdog_is_for_the_process_that_is_named(variables: dict[str, str], watchdog: float | None) -> None:
    supervisor = Supervisor.of_environment(variables)
    assert supervisor is not None
    assert supervisor.watchdog == watchdog
    assert variables == {}  # what it runs does not speak for it


@pytest.mark.parametrize("variables", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_nobody_supervises_where_nothing_is_set(variables: dict[str, str]) -> None:
    assert Supervisor.of_environment(variables) is None


def test_a_name_in_the_abstract_namespace_is_reached() -> None:
    name = f"feedrec-test-{os.getpid()}"
    with listening(Path(f"\0{name}")) as listener:
        Supervisor(f"@{name}").tell("READY=1", "STATUS=two\nlines")
        assert listener.recv(100) == b"READY=1\nSTATUS=two lines"


def test_a_supervisor_that_is_gone_is_named_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    supervisor = Supervisor(str(tmp_path / "gone"))
    supervisor.tell("READY=1")
    supervisor.tell("WATCHDOG=1")
    assert len(caplog.records) == 1


def test_a_recorder_tells_its_supervisor_from_ready_to_stopping(tmp_path: Path) -> None:
    """As systemd would hear it; and its log, meanwhile, is JSON throughout."""
    variables = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
    arguments = ["-o", tmp_path / "x.jsonl.zst", "--log-format", "json", "-c", "level2"]
    said: list[str] = []
    with listening(tmp_path / "notify") as listener, mock_venue(DEMO, "--speed", 1) as url:
        with background("record", "--url", url, *arguments, env={**os.environ, **variables}) as process:
            while not {"READY=1", "WATCHDOG=1"} <= {line for message in said for line in message.splitlines()}:
                said.append(listener.recv(4096).decode())
            code, _, log = interrupt(process)
        assert code == 0
        while "STOPPING=1" not in said[-1]:
            said.append(listener.recv(4096).decode())
    assert any(line.startswith("STATUS=recording") for message in said for line in message.splitlines())
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"level": "info", "text": f"connection 0 open to {url}"}.items() <= lines[0].items()
    assert all(line.keys() == {"time", "level", "text"} for line in lines)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--url", "nowhere"], "'nowhere' is not a WebSocket address"),
        (["--url", "ws://127.0.0.1:1"], "127.0.0.1:1"),
        (["--rotate", "now"], "--rotate"),
    ],
)
def test_what_ends_a_recorder_is_an_object_too(arguments: list[str], text: str, tmp_path: Path) -> None:
    done = feedrec("record", *arguments, "--log-format", "json", cwd=tmp_path)
    last = json.loads(done.stderr.splitlines()[-1])
    assert done.returncode != 0
    assert last["level"] == "error"
    assert text in last["text"]
