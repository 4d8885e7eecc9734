"""The processes that serve: what they are given, and that they may die, and be wrong, without harm to anybody."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import ServeError
from feedrec.formats.line.codec import decode_header
from feedrec.live_messages import FeedPlan
from feedrec.model import Header
from feedrec.recorder.serving.live_run import LiveRun
from feedrec.recorder.serving.live_serving import LiveServing, ServeSettings, ServingModules

from ...timing import until
from ..venue import run
from .served import FEED, MODULES, FakeSession, FakeWritten, given, lines_given

HEADER = Header("coinbase-advanced", created=7)


class Serving:
    """Serving by fake processes, and a run that is served."""

    def __init__(self, kept: Path, *feeds: FeedPlan, **settings: str) -> None:
        self.kept = kept
        how = ServeSettings("127.0.0.1", 0, settings={"kept": str(kept), **settings})
        self.serving = LiveServing(how, ServingModules(*MODULES), ["A_VENUE_KEY"])
        self.serving.plan(feeds or [FEED])
        self.session, self.written = FakeSession("A-USD"), FakeWritten()
        self.live = self.run_of(FEED)
        self.session.on_answer = self.live.subscribed

    def run_of(self, feed: FeedPlan) -> LiveRun:
        return self.serving.run_of(feed, HEADER)

    def write(self, number: int) -> None:
        self.written.write(self.live, b'{"line":%d}' % number)

    async def until_given(self, *numbers: int) -> None:
        """Wait until both processes have these lines, and no others."""
        wanted = [f'{{"line":{number}}}' for number in numbers]
        await until(lambda: lines_given(self.kept) == wanted and lines_given(self.kept, "states") == wanted)

    def pid(self, name: str = "serving") -> int:
        """Return the process that is there now."""
        return int([one for one in given(self.kept, name) if isinstance(one, dict)][-1]["pid"])


@asynccontextmanager
async def served(kept: Path, **settings: str) -> AsyncIterator[Serving]:
    serving = Serving(kept, **settings)
    async with serving.serving:
        serving.live.begin(serving.session, serving.written)
        yield serving


def parcels(kept: Path, name: str = "serving") -> list[Any]:
    return [one[:3] for one in given(kept, name) if isinstance(one, list)]


def answers(kept: Path) -> list[str]:
    return [one[3] for one in given(kept) if isinstance(one, list) and one[1] == "ANSWERED"]


def test_both_processes_get_the_same_lines_with_the_same_numbers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """First what is recorded, and where; then every line. The end of the recorder is their end."""
    caplog.set_level(logging.INFO)
    kept = tmp_path / "k"

    async def check() -> None:
        async with served(kept) as serving:
            for number in range(3):
                serving.write(number)
            await serving.until_given(0, 1, 2)
            serving.write(3)
            await serving.until_given(0, 1, 2, 3)

    run(check())
    first = [[0, "HEADER", 0], [0, "CATALOGUE", 0]]
    lines = [[1, "LINES", 0], [2, "LINES", 0]]
    assert parcels(kept) == [*first, *lines]
    assert parcels(kept, "states") == [*first, [0, "FILES", 0], *lines]
    about = {one[1]: one[3] for one in given(kept, "states") if isinstance(one, list)}
    assert decode_header(about["HEADER"].encode()) == HEADER
    assert about["CATALOGUE"] == '{"products":{"ticker":["A-USD"]}}'
    assert about["FILES"] == '{"finished":["/r/1.jsonl"],"growing":"/r/2.jsonl","lines":1}'
    assert given(kept)[-1] == given(kept, "states")[-1] == "end"
    assert "coinbase-advanced is served live at ws://127.0.0.1:4321/coinbase-advanced" in caplog.text
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("name", ["serving", "states"])
def test_a_process_that_is_killed_is_started_again_and_gets_what_follows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """The other one misses nothing, and what is written meanwhile waits for nobody."""
    kept = tmp_path / "k"
    other = {"serving": "states", "states": "serving"}[name]

    async def check() -> None:
        async with served(kept) as serving:
            serving.write(1)
            await serving.until_given(1)
            before = serving.pid(name)
            os.kill(before, signal.SIGKILL)
            serving.write(2)
            await until(lambda: serving.pid(name) != before)
            serving.write(3)
            await until(lambda: lines_given(kept, name)[-1:] == ['{"line":3}'])
            await until(lambda: len(lines_given(kept, other)) == 3)
            assert serving.serving.facts.processes[name].starts == 2
            assert serving.serving.facts.processes[other].starts == 1

    run(check())
    anew = parcels(kept, name)[3 if name == "serving" else 4 :]
    assert anew[:2] == [[2, "HEADER", 0], [2, "CATALOGUE", 0]]  # as of the last line that it missed
    assert anew[2:] == ([] if name == "serving" else [[2, "FILES", 0]]) + [[3, "LINES", 0]]
    assert "was killed; it is started again, and the recording goes on" in caplog.text


def test_what_cannot_serve_is_one_error_before_anything_is_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def check() -> None:
        with pytest.raises(ServeError, match=r"^no such setting: x$"):
            async with served(tmp_path / "k", fails="no such setting: x"):
                pass

    run(check())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_process_that_is_killed_before_it_serves_is_started_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And the recording is begun: it is not the process that failed."""

    async def check() -> None:
        async with served(tmp_path / "k", dies=str(tmp_path / "died")) as serving:
            serving.write(0)
            await serving.until_given(0)

    run(check())
    assert "the process that serves live was killed; it is started again" in caplog.text


def test_an_address_that_is_taken_is_one_error() -> None:
    async def check(port: int) -> None:
        with pytest.raises(ServeError, match=r"^cannot listen on 127\.0\.0\.1:\d+ \(.*\): choose .* with --serve$"):
            LiveServing(ServeSettings("127.0.0.1", port), ServingModules(*MODULES))

    with socket.create_server(("127.0.0.1", 0)) as taken:
        run(check(taken.getsockname()[1]))


def test_a_process_that_takes_nothing_is_ended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedrec.recorder.serving.live_process.MOST_WAITING", 1 << 20)
    kept = tmp_path / "k"

    async def check() -> None:
        async with served(kept, sleeps="serving") as serving:
            serving.write(0)
            await until(lambda: lines_given(kept))
            before = serving.pid()
            for _ in range(40):
                serving.live.lines(b"x" * (1 << 16) + b"\n")
            await until(lambda: serving.pid() != before)
            assert serving.serving.facts.processes["serving"].waiting < 1 << 20

    run(check())
    assert "the process that serves live does not keep up (" in caplog.text


def test_wishes_are_subscribed_and_answered(tmp_path: Path) -> None:
    kept = tmp_path / "k"

    async def check() -> None:
        serving = Serving(kept, wishes="B-USD,FULL-USD,NONE-USD,A-USD,*")
        serving.session.accepts = lambda product: product != "NONE-USD"
        async with serving.serving:
            serving.live.begin(serving.session, serving.written)
            await until(lambda: answers(kept)[4:])
            facts = serving.serving.facts
            assert (facts.granted, facts.refused) == (2, 3)
            assert [one.products for one in serving.session.subscriptions] == [("A-USD",), ("B-USD",)]

    run(check())
    assert answers(kept) == [
        '{"wish":1,"refused":null}',
        '{"wish":2,"refused":"no connection can carry so much more"}',
        '{"wish":3,"refused":"ticker:NONE-USD: the venue refuses it"}',
        '{"wish":4,"refused":null}',
        '{"wish":5,"refused":"that is no name of a product"}',
    ]
    kinds = [one[1:2] for one in given(kept) if isinstance(one, list)]
    assert kinds.index(["CATALOGUE"], 2) < kinds.index(["ANSWERED"])  # it is known before the client is told
    catalogues = [one[3] for one in given(kept) if isinstance(one, list) and one[1] == "CATALOGUE"]
    assert catalogues[1] == '{"products":{"ticker":["A-USD","B-USD"]}}' == catalogues[-1]


def test_other_feeds_have_other_processes_at_the_same_address(tmp_path: Path) -> None:
    """A configuration that was read again: what is recorded on goes on being served, as the feed that it is now."""
    kept = tmp_path / "k"
    other = FeedPlan("coinbase-exchange", "other")

    async def check() -> None:
        async with served(kept) as serving:
            serving.write(1)
            await serving.until_given(1)
            before = serving.pid(), serving.pid("states")
            serving.serving.plan([other, FEED])
            serving.serving.plan([other, FEED])
            serving.write(2)
            await until(lambda: serving.pid() != before[0] and serving.pid("states") != before[1])
            serving.write(3)
            await until(lambda: lines_given(kept)[-1:] == ['{"line":3}'])

    run(check())
    begun = [one for one in given(kept) if isinstance(one, dict)]
    assert [one["port"] for one in begun] == [0, 4321]
    assert [one["endpoint"] for one in begun[1]["feeds"]] == ["coinbase-exchange", "coinbase-advanced"]
    assert parcels(kept)[-1] == [3, "LINES", 1]
    assert given(kept).count("end") == 2


def test_the_run_that_replaces_another_one_is_served_once_it_has_a_connection(tmp_path: Path) -> None:
    kept = tmp_path / "k"

    async def check() -> None:
        async with served(kept) as serving:
            serving.write(1)
            new, written = serving.run_of(FEED), FakeWritten()
            new.begin(FakeSession("B-USD"), written)
            new.begins("refused")
            written.write(new, b'{"line":-1}')
            serving.write(2)
            await serving.until_given(1, 2)
            new.begins("open")
            written.write(new, b'{"line":3}')
            serving.write(-2)
            await serving.until_given(1, 2, 3)
            serving.live.end()
            written.write(new, b'{"line":4}')
            await serving.until_given(1, 2, 3, 4)

    run(check())
    files = [one[3] for one in given(kept, "states") if isinstance(one, list) and one[1] == "FILES"]
    assert files[1].endswith('"lines":2}')  # what it wrote before is there


def test_a_run_whose_replacement_is_refused_is_served_again(tmp_path: Path) -> None:
    kept = tmp_path / "k"

    async def check() -> None:
        async with served(kept) as serving:
            serving.write(1)
            new = serving.run_of(FEED)
            new.begin(FakeSession("B-USD"), FakeWritten())
            new.begins("open")
            serving.write(-1)
            new.end()
            serving.write(2)
            await serving.until_given(1, 2)

    run(check())
    catalogues = [one[3] for one in given(kept) if isinstance(one, list) and one[1] == "CATALOGUE"]
    assert [one[24] for one in catalogues] == ["A", "B", "A"]


def test_a_recording_that_never_says_where_it_is_holds_up_only_who_asked(tmp_path: Path) -> None:
    kept = tmp_path / "k"

    async def check() -> None:
        serving = Serving(kept)
        serving.written.says = False
        async with serving.serving:
            serving.live.begin(serving.session, serving.written)
            serving.write(1)
            await until(lambda: lines_given(kept) == ['{"line":1}'])
            assert lines_given(kept, "states") == []
            serving.live.end()
            await serving.until_given(1)

    run(check())
    files = [one[3] for one in given(kept, "states") if isinstance(one, list) and one[1] == "FILES"]
    assert files == ['{"finished":[],"growing":null,"lines":0}']


def test_who_listens_knows_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "k"
    for name in ("A_VENUE_KEY", "FEEDREC_RECORD_HEADER", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))

    async def check() -> None:
        async with served(kept) as serving:
            serving.write(1)
            await serving.until_given(1)

    run(check())
    for name in ("serving", "states"):
        assert [one["known"] for one in given(kept, name) if isinstance(one, dict)] == [["HOME"]]


def test_a_folder_that_was_cleaned_away_is_there_again_for_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it the process that knows the states failed from then on, and clients waited for ever."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("feedrec.recorder.serving.live_serving._LONGEST_FOLDER", 1000)
    kept = tmp_path / "k"

    async def check() -> None:
        async with served(kept) as serving:
            serving.write(0)
            await serving.until_given(0)
            (folder,) = tmp_path.glob("feedrec-*")
            folder.rmdir()
            os.kill(serving.pid("states"), signal.SIGKILL)
            await until(folder.is_dir)
            assert folder.stat().st_mode & 0o777 == 0o700
        assert not folder.exists()

    run(check())


def test_nothing_is_left_of_the_private_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("feedrec.recorder.serving.live_serving._LONGEST_FOLDER", 1000)

    async def check() -> None:
        async with served(tmp_path / "k"):
            (folder,) = tmp_path.glob("feedrec-*")
            assert folder.stat().st_mode & 0o777 == 0o700
        await asyncio.sleep(0)

    run(check())
    assert list(tmp_path.glob("feedrec-*")) == []
