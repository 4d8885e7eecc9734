"""States rebuilt in a process beside the replay, and in a thread where there is none."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedrec.errors import CorruptRecordingError, RecordingError
from feedrec.feeds import venue_of
from feedrec.feeds.coinbase_advanced import CoinbaseAdvanced
from feedrec.feeds.venue import VenueFeed
from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Frame, Header
from feedrec.replay.timeline.timeline import Timeline
from feedrec.replay.venue.rebuild import Position, Rebuilder
from feedrec.replay.venue.rebuild_process import RebuildProcess

from ...feeds.test_plugins import install
from ...timing import HANG_TIMEOUT, scaled

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "feedrec" / "cli" / "demo.jsonl.zst"
BOTH = frozenset({("level2", "BTC-USD"), ("ticker", "ETH-USD")})
NEVER = threading.Event()


@pytest.fixture
def feed() -> VenueFeed:
    found = venue_of("coinbase-advanced")
    assert found is not None
    return found


@contextlib.contextmanager
def process_for(feed: VenueFeed, *paths: Path) -> Iterator[RebuildProcess]:
    process = RebuildProcess(Timeline(paths or [DEMO], describe=feed.describe), feed)
    try:
        yield process
    finally:
        process.close()


def pid_of(process: RebuildProcess) -> int | None:
    return None if process._beside.worker is None else process._beside.worker._process.pid


def is_running(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def until_gone(pid: int) -> bool:
    deadline = time.monotonic() + HANG_TIMEOUT
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(pid)


def in_thread(feed: VenueFeed, position: Position, *paths: Path) -> object:
    return Rebuilder(Timeline(paths or [DEMO], describe=feed.describe), feed).snapshots(BOTH, position, NEVER)


def test_a_process_gives_what_a_thread_gives_and_stays_for_the_next_client(feed: VenueFeed) -> None:
    """From the beginning, from a checkpoint, going back, and with frames since."""
    runs = list(Timeline([DEMO], describe=feed.describe).scan(900, NEVER))
    since = [frame.payload for frame in runs[-1].frames]
    with process_for(feed) as process:
        pids = set()
        for position in (
            Position(600, [], 7),
            Position(600, [], 7),
            Position(1100, [], 8),
            Position(300, [], 7),
            Position(runs[-1].start, since, 7, runs[-1].frames[0].time),
        ):
            assert process.snapshots(BOTH, position, NEVER, is_alone=False) == in_thread(feed, position)
            pids.add(pid_of(process))
        assert len(pids) == 1
        assert None not in pids


def test_no_process_is_started_where_a_thread_does_as_well(feed: VenueFeed) -> None:
    """At the beginning there is nothing to read, a new channel has no state, and a lone client disturbs nobody."""
    new = frozenset({("new", "")})
    with process_for(feed) as process:
        assert process.snapshots(BOTH, Position(0, [], 0), NEVER, is_alone=False) == dict.fromkeys(BOTH)
        assert process.snapshots(new, Position(9, [], 0), NEVER, is_alone=False) == dict.fromkeys(new)
        position = Position(600, [], 7)
        assert process.snapshots(BOTH, position, NEVER, is_alone=True) == in_thread(feed, position)
        assert pid_of(process) is None


def test_a_feed_that_is_not_that_of_the_catalogue_is_served_by_a_thread(caplog: pytest.LogCaptureFixture) -> None:
    class Other(CoinbaseAdvanced):
        pass

    feed, position = Other("coinbase-advanced", "wss://advanced.test"), Position(600, [], 7)
    with process_for(feed) as process, caplog.at_level(logging.INFO, "feedrec.replay"):
        for _ in range(2):
            assert process.snapshots(BOTH, position, NEVER, is_alone=False) == in_thread(feed, position)
        assert pid_of(process) is None
    (told,) = [record for record in caplog.records if record.name == "feedrec.replay"]
    assert told.levelno == logging.INFO
    assert told.getMessage().startswith("coinbase-advanced: states are rebuilt in a thread, not in a process: ")


def test_a_process_that_finds_another_feed_of_that_name_leaves_it_to_the_thread(feed: VenueFeed) -> None:
    position = Position(600, [], 7)
    with process_for(feed) as process:
        process._task.identity += "Other"
        assert process.snapshots(BOTH, position, NEVER, is_alone=False) == in_thread(feed, position)
        assert until_gone(pid_of(process) or 0)


def test_where_there_is_no_interpreter_a_thread_serves(feed: VenueFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a frozen program is no interpreter: it would start itself again."""
    position = Position(600, [], 7)
    for executable in ("", "/no/such/python"):
        monkeypatch.setattr(sys, "executable", executable)
        with process_for(feed) as process:
            assert process.snapshots(BOTH, position, NEVER, is_alone=False) == in_thread(feed, position)
    monkeypatch.undo()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with process_for(feed) as process:
        assert process.snapshots(BOTH, position, NEVER, is_alone=False) == in_thread(feed, position)
        assert pid_of(process) is None


def test_when_the_process_dies_a_thread_takes_over(feed: VenueFeed, caplog: pytest.LogCaptureFixture) -> None:
    """It is told once."""
    with process_for(feed) as process, caplog.at_level(logging.INFO, "feedrec.replay"):
        process.snapshots(BOTH, Position(300, [], 7), NEVER, is_alone=False)
        os.kill(pid_of(process) or 0, signal.SIGKILL)
        for line in (600, 700):
            position = Position(line, [], 7)
            assert process.snapshots(BOTH, position, NEVER, is_alone=False) == in_thread(feed, position)
    assert sum("rebuilt in a thread" in record.getMessage() for record in caplog.records) == 1


def test_a_damaged_recording_is_the_same_error(feed: VenueFeed, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"
    data = bytearray(DEMO.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    position = Position(1500, [], 7)
    with pytest.raises(RecordingError) as expected:
        in_thread(feed, position, path)
    with process_for(feed, path) as process:
        for _ in range(2):
            with pytest.raises(CorruptRecordingError) as error:
                process.snapshots(BOTH, position, NEVER, is_alone=False)
            assert str(error.value) == str(expected.value)
        assert is_running(pid_of(process) or 0)


def ticker(number: int) -> Frame:
    event = f'{{"type":"update","tickers":[{{"product_id":"ETH-USD","price":"{number}"}}]}}'
    payload = f'{{"channel":"ticker","timestamp":"T","sequence_num":{number},"events":[{event}]}}'
    return Frame(1_795_280_400 * NANOSECONDS + number, 0, payload.encode())


def test_a_recording_is_followed_while_it_grows_and_after_it_got_its_name(feed: VenueFeed, tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "x.jsonl.zst", Header("coinbase-advanced"))
    for number in range(10):
        writer.write(ticker(number))
    with process_for(feed, tmp_path / "x.jsonl.zst.part") as process:
        last = ("ticker", "ETH-USD")
        for line in (3, 10):
            found = process.snapshots(frozenset([last]), Position(line, [], 7), NEVER, is_alone=False)
            assert b'"price":"%d"' % (line - 1) in (found[last] or b"")
        for number in range(10, 20):
            writer.write(ticker(number))
        writer.finish()
        found = process.snapshots(frozenset([last]), Position(20, [], 7), NEVER, is_alone=False)
        assert b'"price":"19"' in (found[last] or b"")


def test_what_a_client_that_left_has_asked_for_keeps_nobody_waiting(feed: VenueFeed, tmp_path: Path) -> None:
    """Here it would wait for ever, for lines that are never written."""
    writer = create_recording(tmp_path / "x.jsonl.zst", Header("coinbase-advanced"))
    for number in range(10):
        writer.write(ticker(number))
    gone = threading.Event()
    with process_for(feed, tmp_path / "x.jsonl.zst.part") as process:
        process.snapshots(BOTH, Position(5, [], 7), NEVER, is_alone=False)
        before = pid_of(process)
        asking = threading.Thread(
            target=process.snapshots, args=(BOTH, Position(99, [], 7), gone), kwargs={"is_alone": False}
        )
        asking.start()
        time.sleep(scaled(0.2))
        assert asking.is_alive()
        gone.set()
        found = process.snapshots(BOTH, Position(10, [], 7), NEVER, is_alone=False)
        assert b'"price":"9"' in (found["ticker", "ETH-USD"] or b"")
        asking.join(HANG_TIMEOUT)
        assert not asking.is_alive()
        assert pid_of(process) == before
    writer.finish()


def test_closing_ends_the_process_even_in_the_middle_of_its_work(feed: VenueFeed, tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "x.jsonl.zst", Header("coinbase-advanced"))
    writer.write(ticker(0))
    gone = threading.Event()
    with process_for(feed, tmp_path / "x.jsonl.zst.part") as process:
        process.snapshots(BOTH, Position(1, [], 7), NEVER, is_alone=False)
        pid = pid_of(process) or 0
        asking = threading.Thread(
            target=process.snapshots, args=(BOTH, Position(99, [], 7), gone), kwargs={"is_alone": False}
        )
        asking.start()
        time.sleep(scaled(0.1))
        gone.set()
        process.close()
        assert not is_running(pid)
        asking.join(HANG_TIMEOUT)
        assert not asking.is_alive()
        process.close()
    writer.finish()


def test_it_is_out_of_reach_of_the_terminal_and_gives_way_to_the_replay(feed: VenueFeed) -> None:
    with process_for(feed) as process:
        process.snapshots(BOTH, Position(300, [], 7), NEVER, is_alone=False)
        pid = pid_of(process) or 0
        assert os.getsid(pid) == pid
        assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)


PROGRAM = """
    import sys, threading, time
    from feedrec.feeds import venue_of
    from feedrec.replay.timeline.timeline import Timeline
    from feedrec.replay.venue.rebuild import Position
    from feedrec.replay.venue.rebuild_process import RebuildProcess

    print("main", flush=True)  # it is imported once
    name, path, *keys = sys.argv[1:]
    feed = venue_of(name)
    process = RebuildProcess(Timeline([path], describe=feed.describe), feed)
    wanted = frozenset(tuple(key.split(":")) for key in keys)
    found = process.snapshots(wanted, Position(100, [], 7), threading.Event(), is_alone=False)
    print(process._beside.worker and process._beside.worker._process.pid, flush=True)
    print(found, flush=True)
    if sys.stdin.read():
        process.close()
"""


def program(folder: Path, *arguments: object) -> subprocess.Popen[str]:
    """Run a program that rebuilds a state, with the packages of a folder."""
    script = folder / "program.py"
    script.write_text(textwrap.dedent(PROGRAM))
    return subprocess.Popen(
        [sys.executable, str(script), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def test_it_does_not_outlive_a_program_that_is_killed(tmp_path: Path) -> None:
    with program(tmp_path, "coinbase-advanced", DEMO, "level2:BTC-USD") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "main\n"
        pid = int(running.stdout.readline())
        assert is_running(pid)
        running.kill()
    assert until_gone(pid)


ACME = """
from feedrec.feeds.defaults import ClientDefaults, FeedDefaults, ServerDefaults
from feedrec.feeds.state.keyed_state import KeyedState, LastFrame
from feedrec.model import FrameInfo

print("acme is imported")

class State(KeyedState):
    def apply(self, info, payload):
        print("acme takes", payload)
        if b"bug" in payload:
            raise KeyError("acme meets a bug")
        self.values["all", ""] = LastFrame(payload)

class Acme(FeedDefaults):
    name = "acme"
    summary = "Acme"
    url = "wss://acme.test"

    def client(self, subscriptions, credentials=None):
        return ClientDefaults()

    def server(self, catalogue, settings, auth):
        return ServerDefaults()

    def state(self, wanted):
        return State(wanted)

FEED = Acme()
"""


def recording_of_acme(folder: Path, last: bytes) -> Path:
    """Install Acme and write 100 frames of it."""
    install(folder, "acme", ACME, "acme = acme:FEED")
    writer = create_recording(folder / "x.jsonl", Header("acme"))
    for number in range(99):
        writer.write(Frame(number, 0, b'{"n":%d}' % number))
    writer.write(Frame(99, 0, last))
    return writer.finish()


def test_the_feed_of_another_package_is_found_there_and_may_print(tmp_path: Path) -> None:
    """Nothing that it prints there is seen, or taken for an answer; the program's `__main__` is not imported."""
    path = recording_of_acme(tmp_path, b'{"n":99}')
    with program(tmp_path, "acme", path, "all:") as running:
        output, _ = running.communicate("end", timeout=HANG_TIMEOUT)
    assert running.returncode == 0, output
    main, imported, pid, found = output.splitlines()
    assert (main, imported) == ("main", "acme is imported")
    assert found == "{('all', ''): b'{\"n\":99}'}"
    assert until_gone(int(pid))


def test_a_defect_of_a_feed_shows_where_the_replay_can_report_it(tmp_path: Path) -> None:
    path = recording_of_acme(tmp_path, b'{"a":"bug"}')
    with program(tmp_path, "acme", path, "all:") as running:
        output, _ = running.communicate("end", timeout=HANG_TIMEOUT)
    assert "KeyError: 'acme meets a bug'" in output
