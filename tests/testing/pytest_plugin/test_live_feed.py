from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from feedrec.errors import FeedrecError, UsageError, WriteError
from feedrec.formats.file.names import state_path
from feedrec.formats.file.rotation import RotatingWriter
from feedrec.model import Frame
from feedrec.recorder import source_to
from feedrec.testing import FeedReplay, LoopThread
from feedrec.testing.pytest_plugin.live_feed import LiveFeed

from ...timing import HANG_TIMEOUT
from .conftest import Venue, hear


@contextlib.contextmanager
def recorded(venue: Venue, path: Path) -> Iterator[LiveFeed]:
    """Talk to the venue through a feed that records, and is ended by the test."""
    with LoopThread() as thread:
        feed = LiveFeed(path, source_to(venue.url), thread, overwrite=True)
        feed.start()
        hear(feed.url)
        feed.wait_done(HANG_TIMEOUT)
        yield feed
        feed.end(has_passed=False)


def test_it_has_what_a_replay_has() -> None:
    """So that no test fails for the lack of it, but for what starts and ends a feed."""
    public = {name for name in dir(FeedReplay) if not name.startswith("_")}
    assert public - set(dir(LiveFeed)) <= {"close"}


def test_what_steers_is_refused_unless_it_asks_for_what_happens_anyway(venue: Venue, tmp_path: Path) -> None:
    """For one client, too."""
    with recorded(venue, tmp_path / "a.jsonl") as feed:
        with pytest.raises(UsageError, match=r"pause\(\) steers a replay, but a.jsonl is being recorded"):
            feed.pause(client=1)
        for name in ("status", "control_url"):
            with pytest.raises(UsageError, match=f"{name} steers a replay"):
                getattr(feed, name)
        feed.resume(client=1)
        feed.set_speed("max", client=1)


def test_what_has_no_meaning_on_a_live_connection_is_nothing(venue: Venue, tmp_path: Path) -> None:
    with recorded(venue, tmp_path / "a.jsonl") as feed:
        assert (feed.position, feed.present, feed.failures) == (None, None, [])


def test_a_recording_that_cannot_be_finished_is_an_error(
    venue: Venue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client notices nothing, and the name stays free."""

    def finish(self: RotatingWriter, *_: Any) -> NoReturn:
        raise WriteError(self.path, "no space left")

    with recorded(venue, tmp_path / "a.jsonl") as feed:
        monkeypatch.setattr(RotatingWriter, "finish", finish)
        feed.check()
        with pytest.raises(WriteError, match="no space left"):
            feed.end(has_passed=True)
    assert not (tmp_path / "a.jsonl").exists()


def test_a_recording_that_lacks_frames_is_a_failed_one(
    venue: Venue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of which a test that would pass is told."""
    monkeypatch.setattr(RotatingWriter, "frames_lost", 2)
    with recorded(venue, tmp_path / "a.jsonl") as feed, pytest.raises(WriteError, match=r"a\.jsonl\.failed: lacks 2"):
        feed.end(has_passed=True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl.failed"]


def test_a_recording_that_fails_fails_the_test(venue: Venue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as it is asked; the connection goes on."""
    written = RotatingWriter.write

    def write(self: RotatingWriter, record: Any, *arguments: Any, **options: Any) -> None:
        if isinstance(record, Frame):
            raise WriteError(self.path, "gone")
        written(self, record, *arguments, **options)

    monkeypatch.setattr(RotatingWriter, "write", write)
    with LoopThread() as thread:
        feed = LiveFeed(tmp_path / "a.jsonl", source_to(venue.url), thread, overwrite=True)
        feed.start()
        assert len(hear(feed.url)) == 3
        with pytest.raises(FeedrecError, match="gone"):
            feed.check()
        with pytest.raises(FeedrecError, match="gone"):
            feed.end(has_passed=True)
    assert not (tmp_path / "a.jsonl").exists()


def test_checkpoints_of_a_recording_go_with_it_when_another_takes_its_place(venue: Venue, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    for one in (path, state_path(path)):
        one.write_bytes(b"old")
    with recorded(venue, path) as feed:
        feed.end(has_passed=True)
    assert list(tmp_path.iterdir()) == [path]


def test_names_that_are_taken_by_folders_are_errors(venue: Venue, tmp_path: Path) -> None:
    """Before anything is connected, or when the recording would get its name."""
    (tmp_path / "a.jsonl").mkdir()
    with recorded(venue, tmp_path / "a.jsonl") as feed, pytest.raises(WriteError, match="cannot get its name"):
        feed.end(has_passed=True)
    (tmp_path / "b.untested.jsonl").mkdir()
    with LoopThread() as thread, pytest.raises(WriteError, match="is in the way"):
        LiveFeed(tmp_path / "b.jsonl", source_to(venue.url), thread, overwrite=True).start()
