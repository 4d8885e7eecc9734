from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_sync

from feedrec.errors import (
    NetworkBlockedError,
    NotARecordingError,
    ReplayFailedError,
    TruncatedRecordingError,
    UsageError,
    WriteError,
)
from feedrec.formats import open_recording
from feedrec.model import Frame
from feedrec.testing.pytest_plugin.feeds_of_test import FeedsOfTest, Settings
from feedrec.testing.pytest_plugin.record_modes import RecordMode
from feedrec.testing.pytest_plugin.servers import Servers

from ...replay.recordings import START, numbered, record
from ...timing import HANG_TIMEOUT
from .conftest import Suite, Venue, hear

NAME = "a.jsonl.zst"


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Give the thread of all tests here."""
    servers = Servers()
    yield servers
    servers.close()


@contextlib.contextmanager
def feeds(
    servers: Servers, folder: Path, mode: RecordMode = RecordMode.NONE, *, passes: bool = True, began: int = 2**62
) -> Iterator[FeedsOfTest]:
    """Have the feeds of a test that passes or does not."""
    settings = Settings(mode, None, blocks_network=False, began=began)
    with FeedsOfTest(folder, settings, servers) as feeds:
        yield feeds
        phase, outcome = "call", "passed" if passes else "failed"
        feeds.take_report(pytest.TestReport("x", ("x", 0, "x"), {}, outcome, None, phase))  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    """Give the names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())


def said_in(path: Path) -> list[str]:
    """Give the recorded messages in both directions."""
    with open_recording(path) as recording:
        return [record.payload.decode() for record in recording if isinstance(record, Frame)]


def test_once_records_and_from_then_on_replays(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    """The code of the test does not change, and the venue is called once."""
    heard = []
    for _ in range(3):
        with feeds(servers, tmp_path, RecordMode.ONCE) as of_test:
            feed = of_test.start(NAME, to=venue.url, speed="max", start="+0s")
            heard.append(hear(feed.url))
            feed.wait_for_client(subscribed=None)
            assert [message.text for message in feed.received] == ['{"id":1}']
            feed.wait_done()
            assert len(feed.sent) == 3
    assert heard[0] == heard[1] == heard[2]
    assert venue.connections == 1
    assert names(tmp_path) == [NAME]
    with feeds(servers, tmp_path) as of_test:
        assert hear(of_test.start(NAME).url) == heard[0]


def test_a_folder_that_is_missing_is_made(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    with feeds(servers, tmp_path / "feeds" / "deep", RecordMode.ONCE) as of_test:
        hear(of_test.start(NAME, to=venue.url).url)
    assert names(tmp_path / "feeds" / "deep") == [NAME]


def test_a_folder_that_cannot_be_made_is_an_error(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    """Nor can anything be read in what is no folder."""
    (tmp_path / "file").touch()
    with (
        feeds(servers, tmp_path / "file" / "deep", RecordMode.ONCE) as of_test,
        pytest.raises(WriteError, match="cannot be created: Not a directory"),
    ):
        of_test.start(NAME, to=venue.url)
    with feeds(servers, tmp_path / "file") as of_test, pytest.raises(NotARecordingError, match="cannot be read: Not a"):
        of_test.start(NAME)


def test_what_a_failing_test_records_has_another_name(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    """It can be read there, and takes the place of nothing but the one before."""
    for said in ("1", "2"):
        with feeds(servers, tmp_path, RecordMode.ONCE, passes=False) as of_test:
            hear(of_test.start(NAME, to=venue.url).url, said)
        assert names(tmp_path) == [f"{NAME}.failed"]
        assert said_in(tmp_path / f"{NAME}.failed")[0] == said


def test_all_replaces_a_recording_when_the_test_has_passed(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    """If the test fails, the old one stays."""
    old = record(tmp_path / NAME, numbered(2)).read_bytes()
    with feeds(servers, tmp_path, RecordMode.ALL, passes=False) as of_test:
        hear(of_test.start(NAME, to=venue.url).url)
        assert (tmp_path / NAME).read_bytes() == old
    assert (tmp_path / NAME).read_bytes() == old
    with feeds(servers, tmp_path, RecordMode.ALL) as of_test:
        hear(of_test.start(NAME, to=venue.url).url)
        assert (tmp_path / NAME).read_bytes() == old
    assert len(said_in(tmp_path / NAME)) == 4
    assert venue.connections == 2


def test_all_records_once_in_a_run(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    """Another test then uses it; what nobody knows the source of is replayed as it is."""
    record(tmp_path / NAME, numbered(2))
    for _ in range(2):
        with feeds(servers, tmp_path, RecordMode.ALL, began=START + 1) as of_test:
            assert len(hear(of_test.start(NAME, to=venue.url).url)) == 3
    assert venue.connections == 1
    record(tmp_path / "b.jsonl", numbered(2))
    with feeds(servers, tmp_path, RecordMode.ALL) as of_test:
        assert hear(of_test.start("b.jsonl").url, count=2) == ['{"number":0}', '{"number":1}']


@pytest.mark.parametrize("mode", list(RecordMode))
def test_a_damaged_recording_is_an_error_and_stays(
    servers: Servers, venue: Venue, tmp_path: Path, mode: RecordMode
) -> None:
    """Nor is what is no recording at all taken for a missing one."""
    whole = record(tmp_path / NAME, numbered(2)).read_bytes()
    with feeds(servers, tmp_path, mode) as of_test:
        for content, error in (
            (whole[:-200], TruncatedRecordingError),
            (b"", NotARecordingError),
            (b"?", NotARecordingError),
        ):
            (tmp_path / NAME).write_bytes(content)
            with pytest.raises(error, match=NAME):
                of_test.start(NAME, to=venue.url)
            assert (tmp_path / NAME).read_bytes() == content
        (tmp_path / NAME).write_bytes(whole)
        assert len(hear(of_test.start(NAME).url, count=2)) == 2
    assert (names(tmp_path), venue.connections) == ([NAME], 0)


def test_a_file_that_git_lfs_has_not_fetched_is_named(servers: Servers, tmp_path: Path) -> None:
    """As in a checkout of CI without it."""
    (tmp_path / NAME).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    with feeds(servers, tmp_path) as of_test, pytest.raises(NotARecordingError, match="fetch that with `git lfs pull`"):
        of_test.start(NAME)


def test_what_is_missing_is_recorded_only_where_it_is_known_how(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    """And by itself, from an endpoint or an address, in a format that can be written live."""
    record(tmp_path / "b.jsonl", numbered(2))
    with feeds(servers, tmp_path) as of_test, pytest.raises(NotARecordingError, match="`pytest --feed-record=once`"):
        of_test.start(NAME, to=venue.url)
    with feeds(servers, tmp_path, RecordMode.ONCE) as of_test:
        with pytest.raises(UsageError, match="say where from, with to=ENDPOINT"):
            of_test.start(NAME)
        with pytest.raises(UsageError, match="cannot be recorded together with others"):
            of_test.start(NAME, "b.jsonl", to=venue.url)
        with pytest.raises(UsageError, match="no option 'sped'; did you mean 'speed'"):
            of_test.start(NAME, to=venue.url, sped=2)
        with pytest.raises(UsageError, match="there is no endpoint 'coinbase'"):
            of_test.start(NAME, to="coinbase")
        with pytest.raises(UsageError, match=r"a\.txt"):
            of_test.start("a.txt", to=venue.url)
        hear(of_test.start(NAME, to=venue.url).url)
        with pytest.raises(UsageError, match="being recorded by this test already"):
            of_test.start(NAME, to=venue.url)
    assert names(tmp_path) == [NAME, "b.jsonl"]


def test_a_test_to_which_nothing_connects_records_nothing(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    """Which is an error, but not a second one if it has failed anyway."""
    with (
        pytest.raises(pytest.fail.Exception, match=r"a\.jsonl\.zst was not recorded: nothing connected to ws://"),
        feeds(servers, tmp_path, RecordMode.ONCE) as of_test,
    ):
        of_test.start(NAME, to=venue.url)
    with feeds(servers, tmp_path, RecordMode.ONCE, passes=False) as of_test:
        of_test.start(NAME, to=venue.url)
    assert names(tmp_path) == []


def test_the_left_overs_of_a_run_that_was_killed_are_no_hindrance(
    servers: Servers, venue: Venue, tmp_path: Path
) -> None:
    for left in ("a.untested.jsonl.zst", "a.untested.jsonl.zst.part", f"{NAME}.lock"):
        (tmp_path / left).write_text("x")
    with feeds(servers, tmp_path, RecordMode.ONCE) as of_test:
        hear(of_test.start(NAME, to=venue.url).url)
    assert names(tmp_path) == [NAME]


def test_what_appears_while_a_test_records_is_left_alone(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    with contextlib.ExitStack() as ending:
        of_test = ending.enter_context(feeds(servers, tmp_path, RecordMode.ONCE))
        hear(of_test.start(NAME, to=venue.url).url)
        (tmp_path / NAME).write_text("mine")
        with pytest.raises(pytest.fail.Exception, match="appeared while it was recorded"):
            ending.close()
    assert (tmp_path / NAME).read_text() == "mine"
    assert names(tmp_path) == [NAME, f"{NAME}.failed"]


def test_what_is_spoken_at_an_address_can_be_said(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    with feeds(servers, tmp_path, RecordMode.ONCE) as of_test:
        feed = of_test.start(NAME, to=venue.url, endpoint="coinmarketcap")
        hear(feed.url)
        assert feed.urls == {"coinmarketcap": feed.url}
    with open_recording(tmp_path / NAME) as recording:
        assert recording.header.endpoint == "coinmarketcap"


def test_a_conversation_is_recorded_and_then_played(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    """With the mode in which a replay waits for the client; what it did not say then fails the test, once."""
    for _ in range(2):
        with feeds(servers, tmp_path, RecordMode.ONCE) as of_test:
            feed = of_test.start(NAME, to=venue.url, mode="dialogue")
            assert hear(feed.url, '{"id":7}')[-1] == '{"number":2,"to":{"id":7}}'
            of_test.check()
    assert venue.connections == 1
    with feeds(servers, tmp_path) as of_test:
        feed = of_test.start(NAME, mode="dialogue")
        with contextlib.suppress(ConnectionClosed):
            hear(feed.url, '{"id":8}')
        with pytest.raises(pytest.fail.Exception, match='"id": 8'):
            of_test.check()


def test_secrets_are_passed_on_and_not_recorded(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    said = json.dumps({"signature": "0123456789abcdef"})
    with feeds(servers, tmp_path, RecordMode.ONCE) as of_test:
        feed = of_test.start(NAME, to=venue.url)
        assert "0123456789abcdef" in str(hear(feed.url, said)[0])
        assert [message.text for message in feed.received] == ['{"signature": "[redacted]"}']
    assert said_in(tmp_path / NAME)[0] == '{"signature": "[redacted]"}'


def test_a_live_connection_cannot_be_steered(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    """What asks for what happens anyway does nothing."""
    with feeds(servers, tmp_path, RecordMode.ONCE, passes=False) as of_test:
        feed = of_test.start(NAME, to=venue.url)
        for method, arguments in (("pause", []), ("step", [2]), ("play_until", ["+3s"]), ("seek", ["+3s"])):
            with pytest.raises(
                UsageError, match=rf"^{method}\(\) steers a replay, but a\.jsonl\.zst is being recorded"
            ):
                getattr(feed, method)(*arguments, **({"timeout": 1} if arguments else {}))
        feed.resume()
        feed.set_speed(10)


def test_clients_of_asyncio_and_binary_messages(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    """A loop in the thread of the test, beside that of the servers."""

    async def talk(url: str) -> list[str | bytes]:
        async with connect(url) as socket:
            await socket.send(b"\x00\x01")
            return [await socket.recv() for _ in range(3)]

    for _ in range(2):
        with feeds(servers, tmp_path, RecordMode.ONCE) as of_test:
            feed = of_test.start(NAME, to=venue.url)
            assert len(asyncio.run(talk(feed.url))) == 3
            (message,) = feed.received
            assert (message.binary, message.payload) == (True, b"\x00\x01")


def damaged_while_it_is_played(of_test: FeedsOfTest, path: Path) -> None:
    """Replay a recording that is damaged in place, once the replay has begun to listen."""
    feed = of_test.start(record(path, numbered(50_000)))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 100] = bytes(100)
    path.write_bytes(content)
    with contextlib.suppress(ConnectionClosed), connect_sync(feed.url) as client:
        client.send("1")
        assert len(list(client)) < 50_000
    feed.wait_until(lambda: not feed.clients[0].is_connected or feed.check(), HANG_TIMEOUT)


@pytest.mark.parametrize("passes", [True, False])
def test_a_replay_that_fails_is_told_once(servers: Servers, tmp_path: Path, *, passes: bool) -> None:
    """A test that has passed fails by it; the report of one that has not says it."""
    with feeds(servers, tmp_path, passes=passes) as of_test:
        with contextlib.suppress(ReplayFailedError):
            damaged_while_it_is_played(of_test, tmp_path / NAME)
        if passes:
            with pytest.raises(pytest.fail.Exception, match=rf"{NAME}: .* at byte \d+"):
                of_test.check()
        else:
            report = pytest.TestReport("x", ("x", 0, "x"), {}, "failed", None, "call")
            of_test.take_report(report)
            ((_, text),) = report.sections
            assert f"{NAME}: " in text.splitlines()[0]


def test_a_folder_is_all_that_is_in_it(servers: Servers, tmp_path: Path) -> None:
    record(tmp_path / "a-0001.jsonl", numbered(2))
    record(tmp_path / "a-0002.jsonl", numbered(1))
    with feeds(servers, tmp_path.parent) as of_test:
        assert len(hear(of_test.start(tmp_path.name).url)) == 3


RECORDING = """
import os
@pytest.mark.feed("a.jsonl.zst", to=os.environ["VENUE"])
@pytest.mark.parametrize("number", range(6))
def test_talk(feed, number):
    assert len(hear(feed.url)) == 3
"""


@pytest.mark.parametrize("mode", ["once", "all"])
def test_workers_record_a_file_once_between_them(
    suite: Suite, venue: Venue, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """The others wait, and use what the first has recorded."""
    monkeypatch.setenv("VENUE", venue.url)
    if mode == "all":
        record(suite.path / NAME, numbered(1))
    suite.module(RECORDING)
    suite.run("-n", "2", f"--feed-record={mode}").assert_outcomes(passed=6)
    assert venue.connections == 1
    assert [name for name in names(suite.path) if name.startswith("a.")] == [NAME]


def test_the_report_of_a_failure_shows_what_was_said(suite: Suite) -> None:
    """Not of a test that passes. Old recordings are warned of, once each."""
    suite.module("""
@pytest.mark.feed("three.jsonl.zst")
def test_failure(feed):
    hear(feed.url, '{"passphrase":"very-secret-1"}')
    hear(feed.url, '\\x1b')
    assert 1 == 2

def test_success(feed_replay):
    hear(feed_replay("three.jsonl.zst").url, "not to be shown")

@pytest.fixture
def broken(feed_replay):
    hear(feed_replay("three.jsonl.zst").url, "said in a fixture")
    raise ValueError

def test_setup(broken): pass
""")
    result = suite.run("--feed-max-age=30d")
    result.assert_outcomes(failed=1, passed=1, errors=1, warnings=1)
    result.stdout.fnmatch_lines(["*OldRecordingWarning: three.jsonl.zst was recorded * days ago, on 2026-08-09: *"])
    text = result.stdout.str()
    assert "- feedrec: three.jsonl.zst at ws://127.0.0.1:" in text
    assert 'client 1: {"passphrase":"[redacted]"}' in text
    assert r"client 2: \x1b" in text
    assert 'client 1: {"number":2}' in text
    assert "said in a fixture" in text
    assert "not to be shown" not in text
    assert text.count("very-secret-1") == 1  # in the code of the test


def test_the_network_is_blocked_where_it_is_asked_for(
    suite: Suite, venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In tests that use a feed, while a recording is made too; what was refused is in the report."""
    monkeypatch.setenv("VENUE", venue.url)
    suite.module("""
import os, socket

def outside():
    socket.create_connection(("example.invalid", 443))

@pytest.mark.feed("new.jsonl.zst", to=os.environ["VENUE"])
def test_recorded(feed):
    hear(feed.url)
    with pytest.raises(Exception, match="example.invalid:443 was not connected to"):
        outside()

@pytest.mark.feed("three.jsonl.zst")
def test_refused(feed):
    try: outside()
    except Exception: pass
    assert 1 == 2

def test_without_feed():
    with pytest.raises(OSError):
        outside()
""")
    suite.write("pytest.ini", "[pytest]\nfeed_block_network = true\nfeed_record = once\nfeed_max_age = 365000d\n")
    result = suite.run()
    result.assert_outcomes(passed=2, failed=1, warnings=0)
    result.stdout.fnmatch_lines(["*feedrec: connections that were refused*", "example.invalid:443"])
    assert venue.connections == 1


def test_blocking_is_no_hindrance_to_the_proxy(servers: Servers, tmp_path: Path) -> None:
    """It is the proxy that is refused by nothing but the network itself; the test is refused by us."""
    settings = Settings(RecordMode.ONCE, None, blocks_network=True, began=0)
    with FeedsOfTest(tmp_path, settings, servers) as of_test:
        feed = of_test.start(NAME, to="ws://feedrec.invalid")
        with pytest.raises(Exception, match="502"):
            hear(feed.url)
        with pytest.raises(NetworkBlockedError):
            hear("ws://feedrec.invalid")


def test_what_cannot_be_recorded_is_said_at_once(servers: Servers, venue: Venue, tmp_path: Path) -> None:
    with feeds(servers, tmp_path, RecordMode.ONCE) as of_test:
        with pytest.raises(UsageError, match="'http://x/y' is not a WebSocket address"):
            of_test.start(NAME, to="http://x/y")
        with pytest.raises(UsageError, match=r"a\.txt: the name of a recording must end in"):
            of_test.start("a.txt", to=venue.url)
        with pytest.raises(UsageError, match=r"a recording is the name of a file or folder, not \['b'\]"):
            of_test.start(["b"])  # type: ignore[arg-type]
    assert names(tmp_path) == []


def test_no_line_of_feedrec_is_in_a_traceback(suite: Suite) -> None:
    suite.module("""
def test_wait(feed_replay):
    feed_replay("three.jsonl.zst").wait_done(timeout=0.01)

def test_step(feed_replay):
    feed_replay("three.jsonl.zst").step()
""")
    result = suite.run()
    result.assert_outcomes(failed=2)
    text = result.stdout.str()
    assert '>       feed_replay("three.jsonl.zst").wait_done(timeout=0.01)' in text
    assert "step is for clients that have subscribed" in text
    assert not any(name in text for name in ("feed_replay.py", "observed_feed.py", "loop_thread.py", "steering.py"))
