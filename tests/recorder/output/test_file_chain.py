"""Each finished file goes through all steps; the next recorder goes on with what a killed one of its feed has left."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.errors import RecordingError, RecordingExistsError, WriteError
from feedrec.formats import create_recording
from feedrec.formats.file.growing.growing_file import GrowingFile, begin_file
from feedrec.formats.file.names import journal_path, part_path, pending_path
from feedrec.model import NANOSECONDS, Frame, Header
from feedrec.recorder.output.file_chain import FileChain
from feedrec.recorder.output.finisher import Finisher
from feedrec.recorder.output.pending import PendingMark

START = 1_795_280_400 * NANOSECONDS
HEADER = Header("raw", subscriptions=[{"channel": "all"}])


class Step(Finisher):
    """Notes what it is given."""

    def __init__(self, step: str, seen: list[tuple[str, str]], *, fails: bool = False) -> None:
        super().__init__()
        self.step, self._seen, self._fails = step, seen, fails

    def finish(self) -> None:
        self._wait("%s")
        if self._fails:
            raise RecordingError(Path(self.step), "failed")

    def _finish_one(self, path: Path) -> None:
        self._seen.append((self.step, path.name))
        if not self._fails:
            self.then(path)


def chain_of(*steps: Finisher, marks: bool = True, header: Header = HEADER) -> FileChain:
    chain = FileChain(header, "feed", marks=marks)
    for step in steps:
        chain.append(step)
    return chain


def begun(chain: FileChain, path: Path) -> GrowingFile:
    return chain.begin(path, lambda: begin_file(path, HEADER))


def commit(file: GrowingFile) -> Path:
    file.end()
    return file.target.commit()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_goes_through_all_steps_and_has_its_mark_until_then(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []
    done: list[Path] = []
    chain = chain_of(Step("one", seen), Step("two", seen))
    chain.on_done = done.append
    file = begun(chain, tmp_path / "a.jsonl.zst")
    assert names(tmp_path) == ["a.jsonl.zst.part", "a.jsonl.zst.pending"]
    chain.add(commit(file))
    chain.finish()
    assert seen == [("one", "a.jsonl.zst"), ("two", "a.jsonl.zst")]
    assert done == [tmp_path / "a.jsonl.zst"]
    assert names(tmp_path) == ["a.jsonl.zst"]


def test_where_nothing_must_be_done_there_is_no_mark(tmp_path: Path) -> None:
    done: list[Path] = []
    chain = chain_of(marks=False)
    chain.on_done = done.append
    file = begun(chain, tmp_path / "a.jsonl.zst")
    assert names(tmp_path) == ["a.jsonl.zst.part"]
    chain.add(commit(file))
    assert done == [tmp_path / "a.jsonl.zst"]


def test_a_file_that_is_discarded_leaves_no_mark(tmp_path: Path) -> None:
    chain = chain_of()
    begun(chain, tmp_path / "a.jsonl.zst").target.remove()
    assert names(tmp_path) == []


def test_a_mark_that_cannot_be_made_leaves_no_file(tmp_path: Path) -> None:
    pending_path(tmp_path / "a.jsonl.zst").mkdir()
    with pytest.raises(WriteError, match="cannot be marked as pending"):
        begun(chain_of(), tmp_path / "a.jsonl.zst")
    assert names(tmp_path) == ["a.jsonl.zst.pending"]


def test_a_file_that_cannot_be_begun_leaves_marks_as_they_were(tmp_path: Path) -> None:
    path = commit(begin_file(tmp_path / "a.jsonl.zst", HEADER))
    for expected in ([path.name], [path.name, pending_path(path).name]):
        with pytest.raises(RecordingExistsError):
            begun(chain_of(), path)
        assert names(tmp_path) == expected
        mark = PendingMark.begin(path, "raw", after=tmp_path / "before")
        mark.release()
    taken = PendingMark.take(path)
    assert taken is not None
    assert taken.after == tmp_path / "before"
    taken.release()


def test_a_link_is_followed_as_its_file_is(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "a.jsonl.zst").symlink_to(tmp_path / "there" / "b.jsonl.zst")
    chain = chain_of()
    file = chain.begin(tmp_path / "a.jsonl.zst", lambda: begin_file(tmp_path / "a.jsonl.zst", HEADER, overwrite=True))
    assert names(tmp_path / "there") == ["b.jsonl.zst.part", "b.jsonl.zst.pending"]
    chain.add(commit(file))
    assert names(tmp_path / "there") == ["b.jsonl.zst"]


def test_a_step_that_fails_leaves_the_mark_and_the_next_run_begins_with_it(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []
    chain = chain_of(Step("one", seen), Step("two", seen, fails=True))
    path = commit(begun(chain, tmp_path / "a.jsonl.zst"))
    chain.add(path)
    with pytest.raises(RecordingError):
        chain.finish()
    assert names(tmp_path) == ["a.jsonl.zst", "a.jsonl.zst.pending"]
    other = chain_of(Step("two", seen))
    assert other.catch_up([path], lambda _: False) == [path]
    other.finish()
    assert names(tmp_path) == ["a.jsonl.zst"]
    assert seen == [("one", "a.jsonl.zst"), ("two", "a.jsonl.zst"), ("two", "a.jsonl.zst")]


def test_only_what_is_ours_and_there_is_gone_on_with(tmp_path: Path) -> None:
    """Of the same feed, or of the same endpoint and named as ours; what nobody holds; in the order of their names."""
    other = [{"channel": "other"}]
    for name, endpoint, subscribed in (
        ("x-10000", "raw", HEADER.subscriptions),
        ("x-9999", "raw", HEADER.subscriptions),
        ("named", "raw", other),
        ("foreign", "raw", other),
        ("venue", "coinbase-advanced", HEADER.subscriptions),
    ):
        path = tmp_path / f"{name}.jsonl.zst"
        commit(begin_file(path, HEADER))
        PendingMark.begin(path, endpoint, subscribed).release()
    held = tmp_path / "held.jsonl.zst"
    commit(begin_file(held, HEADER))
    holder = PendingMark.begin(held, "raw", HEADER.subscriptions)
    growing = begin_file(tmp_path / "growing.jsonl.zst", HEADER)
    for name in ("growing", "gone"):
        PendingMark.begin(tmp_path / f"{name}.jsonl.zst", "raw", HEADER.subscriptions).release()
    seen: list[tuple[str, str]] = []
    chain = chain_of(Step("one", seen))
    marked = [path.with_name(path.name.removesuffix(".pending")) for path in tmp_path.glob("*.pending")]
    chain.catch_up(marked, lambda path: path.name == "named.jsonl.zst")
    chain.finish()
    assert [name for _, name in seen] == ["named.jsonl.zst", "x-9999.jsonl.zst", "x-10000.jsonl.zst"]
    assert sorted(path.name.partition(".")[0] for path in tmp_path.glob("*.pending")) == [
        "foreign",
        "growing",
        "held",
        "venue",
    ]
    holder.release()
    growing.target.remove()


def test_a_mark_that_was_cut_off_counts_for_who_records_the_same(tmp_path: Path) -> None:
    """Else nobody would ever do what it asks for, and the file would be kept for ever."""
    for name, header in (("ours", HEADER), ("venue", Header("coinbase-advanced")), ("foreign", HEADER)):
        commit(begin_file(tmp_path / f"{name}.jsonl.zst", header))
        pending_path(tmp_path / f"{name}.jsonl.zst").write_bytes(b'{"endpoi')
    pending_path(tmp_path / "gone.jsonl.zst").touch()
    seen: list[tuple[str, str]] = []
    chain = chain_of(Step("one", seen))
    marked = [path.with_name(path.name.removesuffix(".pending")) for path in tmp_path.glob("*.pending")]
    chain.catch_up(marked, lambda path: "foreign" not in path.name)
    chain.finish()
    assert seen == [("one", "ours.jsonl.zst")]
    assert sorted(path.name for path in tmp_path.glob("*.pending")) == [
        "foreign.jsonl.zst.pending",
        "venue.jsonl.zst.pending",
    ]


def test_a_folder_that_is_not_there_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="cannot be written: its folder does not exist"):
        begun(chain_of(), tmp_path / "none" / "a.jsonl.zst")


def test_the_mark_of_parquet_is_there_from_the_first_moment_of_its_journal(tmp_path: Path) -> None:
    table = tmp_path / "a.parquet"
    seen: list[tuple[str, str]] = []
    chain = chain_of(Step("one", seen))
    journal = commit(begun(chain, journal_path(table)))
    assert names(tmp_path) == ["a.parquet.jsonl.zst", "a.parquet.pending"]
    chain.finish()
    other = chain_of(Step("one", seen))
    assert other.catch_up([table], lambda _: True) == [table]
    other.finish()
    assert seen == [("one", journal.name)]
    assert names(tmp_path) == ["a.parquet.jsonl.zst"]


def test_a_folder_that_was_moved_takes_its_marks_along(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    chain = chain_of()
    file = begun(chain, before / "a.jsonl.zst")
    before.rename(after)
    assert file.target.follow()
    chain.add(commit(file))
    assert names(after) == ["a.jsonl.zst"]


def test_a_command_is_told_what_the_file_is(tmp_path: Path) -> None:
    chain = chain_of()
    path = tmp_path / "a b.jsonl.zst"
    with create_recording(path, HEADER) as writer:
        writer.write(Frame(START, 0, b"[1]"))
        writer.write(Frame(START + 1, 0, b"[2]"))
    assert chain.told(path) == {
        "path": str(path),
        "name": "a b.jsonl.zst",
        "folder": str(tmp_path),
        "endpoint": "raw",
        "feed": "feed",
        "frames": 2,
        "size": path.stat().st_size,
        "first_time": "2026-11-21T17:00:00.000000000Z",
        "last_time": "2026-11-21T17:00:00.000000001Z",
    }
    plain = tmp_path / "gone.jsonl"
    assert {name: value for name, value in chain.told(plain).items() if value is None} == dict.fromkeys(
        ("frames", "size", "first_time", "last_time")
    )


def test_of_parquet_what_its_journal_said(tmp_path: Path) -> None:
    journal = journal_path(tmp_path / "a.parquet")
    with create_recording(journal, HEADER) as writer:
        writer.write(Frame(START, 0, b"[1]"))
    told: list[object] = []
    chain = chain_of(marks=False)
    chain.on_done = lambda _: told.append(chain.told(tmp_path / "a.parquet")["frames"])
    chain.append(Step("one", []))
    chain.add(journal)
    chain.finish()
    assert part_path(journal).exists() is False
    assert told == [1]


@pytest.mark.parametrize("marks", [False, True])
def test_what_was_left_over_goes_through_the_same_steps(tmp_path: Path, marks: bool) -> None:  # noqa: FBT001
    """Whether the recorder that left it marked it or not; the first and the last step are waited for, too."""
    seen: list[tuple[str, str]] = []
    chain = chain_of(Step("command", seen), marks=marks)
    first, last = Step("finish", seen), Step("keep", seen)
    chain.begin_with(first)
    chain.end_with(last)
    paths = [tmp_path / name for name in ("a.jsonl.zst", "b.jsonl.zst")]
    for path in paths:
        path.touch()
    PendingMark.begin(paths[1], "raw").release()
    for path in paths:
        first.add(path)
    chain.finish()
    assert sorted(seen) == [(step, path.name) for step in ("command", "finish", "keep") for path in paths]
    assert chain.waiting == {"finish": 0, "command": 0, "keep": 0}
    assert sorted(tmp_path.iterdir()) == paths


def test_what_was_left_over_is_left_to_who_has_its_mark(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []
    chain = chain_of(Step("command", seen))
    path = tmp_path / "a.jsonl.zst"
    other = PendingMark.begin(path, "raw")
    chain.add_left_over(path)
    chain.finish()
    assert seen == []
    other.release()
    chain.add_left_over(path)
    chain.finish()
    assert seen == [("command", path.name)]
