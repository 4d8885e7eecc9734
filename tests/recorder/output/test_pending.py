"""A mark says that something is still to be done after a file, and who does it holds it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from feedrec.formats.file.names import carried_path, part_path, pending_path
from feedrec.formats.several.folder import find_recordings
from feedrec.recorder.output.pending import PendingMark, marked_files

SUBSCRIBED = [{"channel": "ticker", "products": ["BTC-USD"]}]


def test_a_mark_is_found_again_with_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    path, before = tmp_path / "b.jsonl.zst", tmp_path / "a" / "x.jsonl.zst"
    PendingMark.begin(path, "raw", SUBSCRIBED, before).release()
    mark = PendingMark.take(path)
    assert mark is not None
    assert (mark.endpoint, mark.subscriptions, mark.is_there) == ("raw", SUBSCRIBED, True)
    assert mark.after is not None
    assert os.path.normpath(mark.after) == str(before)
    mark.remove()
    assert [one.name for one in tmp_path.iterdir()] == ["a"]
    mark.remove()


def test_one_that_somebody_holds_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl.zst"
    mark = PendingMark.begin(path, "raw")
    assert PendingMark.take(path) is None
    mark.release()
    taken = PendingMark.take(path)
    assert taken is not None
    taken.release()


def test_a_person_may_remove_it(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl.zst"
    mark = PendingMark.begin(path, "raw")
    pending_path(path).unlink()
    assert not mark.is_there
    pending_path(path).write_bytes(b"of somebody else")
    mark.remove()
    assert pending_path(path).read_bytes() == b"of somebody else"
    assert PendingMark.take(tmp_path / "none.jsonl") is None


@pytest.mark.parametrize("content", [b"", b'{"endpoint": "ra', b"\xff\xfe", b"[]"])
def test_one_that_was_cut_off_still_counts(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "b.jsonl.zst"
    pending_path(path).write_bytes(content)
    mark = PendingMark.take(path)
    assert mark is not None
    assert (mark.endpoint, mark.after) == ("", None)
    mark.release()


def test_one_that_cannot_be_written_is_not_left_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int, data: bytes) -> int:  # noqa: ARG001
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        PendingMark.begin(tmp_path / "a.jsonl.zst", "raw")
    assert not list(tmp_path.iterdir())


def test_marks_are_found_in_folders_as_deep_as_names_are(tmp_path: Path) -> None:
    names = ["x.jsonl.zst", "a/y.jsonl.zst", "a/b/z.parquet"]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        PendingMark.begin(path, "raw").release()
    for depth in (1, 2, 3):
        found = sorted(str(path.relative_to(tmp_path)) for path in marked_files(tmp_path, depth))
        assert found == sorted(names[:depth])
    assert list(marked_files(tmp_path / "nowhere")) == []


def test_readers_of_a_folder_pass_over_it(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"
    path.touch()
    PendingMark.begin(path, "raw").release()
    part_path(pending_path(path)).touch()
    carried_path(path).touch()
    assert find_recordings([tmp_path], by_name=True) == [path]
