"""The file that is sent is the same from the first look to the last."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from feedrec.errors import NotShippedError
from feedrec.formats.file.lock import is_being_written
from feedrec.recorder.shipping.sent_file import SentFile, identity_of_file


def test_it_may_be_shipped_by_two_and_counts_as_not_being_written(path: Path) -> None:
    with SentFile(path), SentFile(path):
        assert not is_being_written(path)
        with pytest.raises(NotShippedError, match="in use"):
            SentFile(path, to_remove=True)


def test_nobody_writes_it_meanwhile(path: Path) -> None:
    with SentFile(path), path.open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("change", ["grows", "shrinks", "is replaced", "is moved", "is removed", "is touched"])
def test_a_change_is_seen(path: Path, change: str) -> None:
    with SentFile(path) as file:
        file.check()
        if change == "grows":
            with path.open("ab") as more:
                more.write(b"x")
        elif change == "shrinks":
            os.truncate(path, 5)
        elif change == "is replaced":
            path.rename(path.with_name("y"))
            path.write_bytes(path.with_name("y").read_bytes())
        elif change == "is moved":
            path.rename(path.with_name("y"))
        elif change == "is removed":
            path.unlink()
        else:
            os.utime(path, ns=(1, 1))
        with pytest.raises(NotShippedError, match="while it was shipped"):
            file.check()


def test_its_name_for_others_leads_to_the_open_file(path: Path) -> None:
    before = path.read_bytes()
    with SentFile(path) as file:
        path.rename(path.with_name("y"))
        path.write_bytes(b"another")
        assert file.as_path.read_bytes() == before


def test_what_is_no_file_has_no_identity(tmp_path: Path, path: Path) -> None:
    assert identity_of_file(path) is not None
    (tmp_path / "link").symlink_to(path)
    assert [identity_of_file(tmp_path / name) for name in ("link", "none", ".")] == [None, None, None]
