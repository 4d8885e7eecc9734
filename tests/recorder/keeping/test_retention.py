"""The oldest files of a feed are removed, and nothing else ever is."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from feedrec.formats import create_recording
from feedrec.formats.file.names import shipped_path
from feedrec.formats.file.naming.file_naming import FileNaming, NumberedNames
from feedrec.formats.file.naming.template import parse_template
from feedrec.formats.file.naming.template_names import TemplateNames
from feedrec.model import NANOSECONDS, Header
from feedrec.recorder.keeping.believed_clock import BelievedClock
from feedrec.recorder.keeping.feed_key import key_of
from feedrec.recorder.keeping.file_ends import FileEnd
from feedrec.recorder.keeping.keep_rule import Keep
from feedrec.recorder.keeping.retention import Retention

HEADER = Header("raw", subscriptions=[{"channel": "ticker"}])
OTHER = Header("raw", subscriptions=[{"channel": "level2"}])
KEY = key_of(HEADER)
HOUR = 3600 * NANOSECONDS
START = 1_795_698_000 * NANOSECONDS  # 2026-11-26T13:00:00Z
VALUES = {"endpoint": "raw", "channel": "ticker", "product": "all"}


class Always(BelievedClock):
    """A clock that is always believed."""

    def now(self, newest: int | None, age: int) -> int:  # noqa: ARG002
        return self._wall()


class Reads:
    """A reader that notes what it reads: a file says in its first line which hour it ends, and of which feed it is."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, paths: Sequence[Path]) -> list[FileEnd] | None:
        self.seen += [path.name for path in paths]
        return [self._end(path.read_text().split()) for path in paths]

    def _end(self, words: list[str]) -> FileEnd:
        if words[0] == "bad":
            return FileEnd()
        return FileEnd(KEY if words[0] == "own" else key_of(OTHER), START + int(words[1]) * HOUR)

    def give_up(self) -> None:
        self.seen.append("given up")


class Bench:
    """A folder of small files, and what looks after it."""

    def __init__(self, folder: Path, text: str = "{date}/{hour}/x.jsonl.zst", **keep: int) -> None:
        self.folder, self.reads = folder, Reads()
        self.naming: FileNaming = TemplateNames(parse_template(f"{folder}/{text}", ""), VALUES)
        self.now = START
        self.keep = Keep(**keep)
        self.retention = self.make()

    def make(self) -> Retention:
        return Retention(self.naming, KEY, self.keep, clock=Always(lambda: self.now), reader=self.reads)

    def add(self, hour: int, content: str = "own", suffix: str = "") -> Path:
        """Make the file of an hour, which ends with it; 100 bytes large."""
        path = next(self.naming.names(1, START + hour * HOUR))
        path = path.with_name(path.name + suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content} {hour + 1}".ljust(100))
        return path

    def left(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if not path.is_dir())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, nanoseconds=2 * HOUR)


def test_what_is_older_goes_with_its_checkpoints_and_its_folders(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    paths = [bench.add(hour) for hour in range(-12, 2)]
    bench.add(-12, suffix=".state")
    bench.now = START + 2 * HOUR + 1
    bench.retention.look()
    assert bench.left() == [str(path.relative_to(bench.folder)) for path in paths[-2:]]
    assert sorted(path.name for path in (bench.folder / "2026-11-26").iterdir()) == ["13", "14"]
    assert bench.retention.removed == len(paths) - 2
    assert [f"removed {path}: it is older than is kept" for path in paths[:-2]] == caplog.messages


def test_by_size_as_many_go_as_must(tmp_path: Path) -> None:
    bench = Bench(tmp_path, size=350)
    paths = [bench.add(hour) for hour in range(5)]
    bench.add(3, suffix=".state")
    bench.retention.look()
    assert bench.left() == [str(path.relative_to(tmp_path)) for path in (paths[3], state(paths[3]), paths[4])]


def state(path: Path) -> Path:
    return path.with_name(path.name + ".state")


def test_no_other_file_goes(bench: Bench) -> None:
    """Of other names, of another feed, unreadable, unfinished, linked, or being written."""
    bench.add(-90, "other")
    bench.add(-91, "bad")
    bench.add(-92, suffix=".part")
    linked = bench.add(-93)
    linked.rename(bench.folder / "elsewhere")
    linked.symlink_to(bench.folder / "elsewhere")
    own = bench.add(-94)
    own.rename(own.with_name("y.jsonl.zst"))
    locked = bench.add(-95)
    before = bench.left()
    with locked.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        bench.retention.look()
        assert bench.left() == before
    bench.retention.look()
    assert bench.left() == [name for name in before if bench.folder / name != locked]


def test_a_file_with_something_to_do_stays_and_so_does_the_one_before(bench: Bench) -> None:
    """Which is needed for the state with which it begins."""
    paths = [bench.add(hour) for hour in range(-99, -95)]
    mark = bench.add(-97, suffix=".pending")
    bench.retention.look()
    assert bench.left() == [str(path.relative_to(bench.folder)) for path in (*paths[1:3], mark)]
    mark.unlink()
    bench.retention.look()
    assert bench.left() == []


def test_a_file_that_is_replaced_meanwhile_stays(bench: Bench) -> None:
    path = bench.add(-99)

    def replaced(paths: Sequence[Path]) -> list[FileEnd]:
        ends = Reads()(paths)
        path.unlink()
        path.write_text("new")
        return ends or []

    bench.retention._reader = type("Replacing", (Reads,), {"__call__": lambda _, paths: replaced(paths)})()
    bench.retention.look()
    assert path.read_text() == "new"


def test_a_file_that_was_only_touched_goes_the_next_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder looks as it did before."""
    path = bench.add(-99)
    monkeypatch.setattr("feedrec.recorder.keeping.named_files._SETTLED_AFTER", -1 << 62)
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        bench.retention.look()
    os.utime(path, ns=(START, START))
    bench.retention.look()
    bench.retention.look()
    assert not path.exists()


def test_a_link_that_took_its_place_stays(bench: Bench) -> None:
    path = bench.add(-99)
    found = {file.path: file for file in bench.retention._named.look()}
    path.rename(bench.folder / "elsewhere")
    path.symlink_to(bench.folder / "elsewhere")
    assert not bench.retention._remove(found[path])
    assert path.is_symlink()
    assert bench.retention._failures == []


def test_each_file_is_read_once(bench: Bench) -> None:
    """Ten thousand headers are not read each hour; what changed is read again."""
    paths = [bench.add(hour) for hour in range(3)]
    bench.retention.look()
    bench.retention.look()
    assert bench.reads.seen == ["x.jsonl.zst"] * 3
    paths[1].write_text("other 0")
    bench.add(3)
    bench.retention.look()
    assert len(bench.reads.seen) == 5


def test_what_cannot_be_read_now_stays(bench: Bench) -> None:
    bench.add(-99)
    bench.retention._reader = type("Failing", (Reads,), {"__call__": lambda _self, _paths: None})()
    bench.retention.look()
    assert len(bench.left()) == 1


def test_failures_are_one_warning(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However many files, and however often it looks, until it works again."""
    for hour in range(-40, -10):
        bench.add(hour)
    attempts: list[Path] = []

    def unlink(path: Path, **_: Any) -> None:
        attempts.append(path)
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        bench.retention.look()
        bench.retention.look()
    assert len(attempts) == 20
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "cannot be removed" in warning.getMessage()
    assert os.strerror(errno.EROFS) in warning.getMessage()
    bench.retention.look()
    assert bench.left() == []


def test_empty_folders_go_when_they_are_old(bench: Bench) -> None:
    """A command may have moved their files away; into a new one a file is being put."""
    old, new, other = (bench.folder / name for name in ("2026-11-25", "2026-11-26", "other"))
    for folder in (old, new, other):
        folder.mkdir()
    for folder in (old, other):
        os.utime(folder, ns=(new.stat().st_mtime_ns - 2 * HOUR,) * 2)
    bench.retention.look()
    assert sorted(path.name for path in bench.folder.iterdir()) == ["2026-11-26", "other"]


def test_files_of_other_subscriptions_are_told_of_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench.add(-99, "other")
    for _ in range(2):
        bench.retention.look()
    assert [text for text in caplog.messages if "1 files with such names are of another" in text] == caplog.messages
    assert len(caplog.messages) == 1


def test_a_thread_looks_at_the_start_and_after_files(tmp_path: Path) -> None:
    """By the headers themselves, which a process reads."""
    naming = NumberedNames(tmp_path / "x.jsonl.zst")
    names = [next(naming.names(number, 0)) for number in range(1, 5)]
    for path, header in zip(names, (HEADER, OTHER, HEADER, HEADER), strict=True):
        create_recording(path, header).finish()
    for path in names[:2]:
        os.utime(path, ns=(START, START))
    retention = Retention(naming, KEY, Keep(2 * HOUR), clock=Always(lambda: names[3].stat().st_mtime_ns))
    retention.add(tmp_path)
    retention.add(names[3])
    retention.finish()
    assert sorted(tmp_path.iterdir()) == names[1:]
    assert retention.waiting == 0


def test_a_clock_that_jumps_by_a_month_removes_nothing_at_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path, nanoseconds=48 * HOUR)
    files = [bench.add(hour) for hour in range(3)]
    seconds = 0
    clock = BelievedClock(lambda: bench.now, lambda: seconds * NANOSECONDS)
    retention = Retention(bench.naming, KEY, bench.keep, clock=clock, reader=bench.reads)
    bench.now = START + 4 * HOUR
    retention.look()
    bench.now += 30 * 24 * HOUR
    retention.look()
    assert all(path.exists() for path in files)
    seconds = 3600
    retention.look()
    assert not any(path.exists() for path in files)


class Shipped:
    """What tells whether files are somewhere else."""

    def __init__(self) -> None:
        self.answers: dict[str, bool | None] = {}
        self.asked: list[str] = []

    def __call__(self, path: Path) -> bool | None:
        self.asked.append(path.name)
        return self.answers.get(path.name, True)


def shipping(folder: Path, hours: int, **keep: int) -> tuple[Bench, Shipped, Retention]:
    bench, shipped = Bench(folder, "{time}.jsonl.zst", **keep), Shipped()
    for hour in range(hours):
        shipped_path(bench.add(hour)).touch()
    clock = BelievedClock(lambda: START + 100 * HOUR, doubts=False)
    return bench, shipped, Retention(bench.naming, KEY, bench.keep, clock=clock, reader=bench.reads, is_shipped=shipped)


def test_what_is_shipped_goes_with_its_mark_and_the_last_one_stays(tmp_path: Path) -> None:
    """Else its name would be given again, which is taken there."""
    bench, shipped, retention = shipping(tmp_path, 3, nanoseconds=0)
    retention.look()
    assert bench.left() == ["20261126T150000Z.jsonl.zst", "20261126T150000Z.jsonl.zst.shipped"]
    assert shipped.asked == ["20261126T130000Z.jsonl.zst", "20261126T140000Z.jsonl.zst"]


def test_a_file_that_is_begun_is_the_last_one(tmp_path: Path) -> None:
    bench, _, retention = shipping(tmp_path, 2, nanoseconds=0)
    bench.add(2, suffix=".part")
    retention.look()
    assert bench.left() == ["20261126T150000Z.jsonl.zst.part"]


def test_what_is_not_there_stays_here_whatever_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of one that was never shipped nothing is asked; one that is gone there stays, and one that cannot be seen now."""
    bench, shipped, retention = shipping(tmp_path, 5, size=100)
    first, second, third = ("20261126T130000Z.jsonl.zst", "20261126T140000Z.jsonl.zst", "20261126T150000Z.jsonl.zst")
    shipped_path(tmp_path / first).unlink()
    shipped.answers = {second: False, third: None}
    for _ in range(2):
        retention.look()
    assert [name for name in bench.left() if name.endswith(".zst")] == [
        first,
        second,
        third,
        "20261126T170000Z.jsonl.zst",
    ]
    assert shipped.asked == [second, third, "20261126T160000Z.jsonl.zst", second, third]
    assert [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING] == [
        f"{tmp_path / first}, and what else was never shipped, stays here: feedrec ship does it",
        f"{tmp_path / second} is older than is kept, and cannot be removed: it is not there any more as it was shipped",
    ]
