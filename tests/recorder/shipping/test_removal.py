"""What was shipped is removed here only if it is there now, and is the same."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from feedrec.errors import NotShippedError, ShipConflictError
from feedrec.formats.file.names import carried_path, pending_path, shipped_path, state_path
from feedrec.recorder.shipping.destination import Destination
from feedrec.recorder.shipping.removal import remove_shipped
from feedrec.recorder.shipping.shipment import ship

KEY = "x.jsonl"


@pytest.fixture
def path(path: Path, to: Destination) -> Path:
    """Give a recording that was shipped with its checkpoints."""
    state_path(path).write_bytes(b"state")
    ship(path, to, KEY)
    return path


def remaining(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())


ALL = ["x.jsonl", "x.jsonl.shipped", "x.jsonl.state"]


def test_it_goes_with_all_that_is_beside_it(path: Path, to: Destination) -> None:
    remove_shipped(path, to, KEY)
    assert remaining(path) == []
    assert to.store.find(KEY) is not None


def test_without_a_mark_all_is_compared(path: Path, to: Destination) -> None:
    """A full disk, or one that is read-only, has no mark."""
    shipped_path(path).unlink()
    remove_shipped(path, to, KEY)
    assert remaining(path) == []


def test_one_that_changed_since_stays(path: Path, to: Destination) -> None:
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(ShipConflictError, match="another object"):
        remove_shipped(path, to, KEY)
    assert remaining(path) == ALL


def test_one_whose_checkpoints_changed_since_stays(path: Path, to: Destination) -> None:
    state_path(path).write_bytes(b"another state")
    with pytest.raises(NotShippedError, match="checkpoints changed"):
        remove_shipped(path, to, KEY)
    assert remaining(path) == ALL


@pytest.mark.parametrize("gone", [KEY, f"{KEY}.state"])
def test_one_that_is_gone_there_stays_and_is_shipped_again(path: Path, to: Destination, gone: str) -> None:
    to.store.delete(gone)
    with pytest.raises(NotShippedError, match="not all of it is at"):
        remove_shipped(path, to, KEY)
    ship(path, to, KEY)
    remove_shipped(path, to, KEY)
    assert to.store.find(gone) is not None
    assert remaining(path) == []


def test_one_that_was_replaced_there_stays(path: Path, to: Destination) -> None:
    size = path.stat().st_size
    to.store.write(KEY, b"x" * size)
    with pytest.raises(ShipConflictError, match="another object is at"):
        remove_shipped(path, to, KEY)
    assert remaining(path) == ALL


def test_one_that_was_written_there_again_is_compared_again(path: Path, to: Destination) -> None:
    to.store.write(KEY, path.read_bytes())
    remove_shipped(path, to, KEY)
    assert remaining(path) == []


def test_a_file_whose_bytes_were_changed_there_with_the_same_times_is_seen(path: Path, tmp_path: Path) -> None:
    to = Destination(tmp_path / "other")
    ship(path, to, KEY)
    there = tmp_path / "other" / KEY
    times = there.stat()
    with there.open("r+b") as file:
        file.write(b"X")
    os.utime(there, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(ShipConflictError):
        remove_shipped(path, to, KEY)


def test_one_that_is_in_use_or_needed_stays(path: Path, to: Destination) -> None:
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # another one ships it, or reads it under a lock
        with pytest.raises(NotShippedError, match="in use"):
            remove_shipped(path, to, KEY)
    carried_path(path).touch()
    with pytest.raises(NotShippedError, match="still needs it"):
        remove_shipped(path, to, KEY)
    carried_path(path).unlink()
    pending_path(path).touch()
    with pytest.raises(NotShippedError, match="still to be done"):
        remove_shipped(path, to, KEY)
    remove_shipped(path, to, KEY, is_pending=True)
    assert not path.exists()


def test_what_takes_its_name_is_not_removed(path: Path, to: Destination) -> None:
    """The file is replaced after it was looked at there, and before it is removed."""
    find, patch = to.store.find, pytest.MonkeyPatch()

    def replaced(key: str) -> object:
        path.rename(path.with_name("moved"))
        path.write_bytes(b"another")
        patch.undo()
        return find(key)

    patch.setattr(to.store, "find", replaced)
    with pytest.raises(NotShippedError, match="was changed"):
        remove_shipped(path, to, KEY)
    assert path.read_bytes() == b"another"
