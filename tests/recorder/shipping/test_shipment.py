"""One recording goes to a bucket or a folder: whole, once, and over no other."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from feedrec.errors import CannotShipError, NotShippedError, ShipConflictError
from feedrec.formats.file.names import pending_path, shipped_path, state_path
from feedrec.recorder.shipping.destination import Destination
from feedrec.recorder.shipping.shipment import ship

from ...object_server import Bucket
from .conftest import BYTES

KEY = "day/x.jsonl"


def content(to: Destination, key: str = KEY) -> bytes:
    return to.store.read(key, 0, 1 << 20).data


def test_a_recording_and_its_checkpoints_are_there_and_a_mark_says_so(path: Path, to: Destination) -> None:
    state_path(path).write_bytes(b"state")
    shipped = ship(path, to, KEY)
    assert (shipped.url, shipped.size, shipped.sent) == (f"{to.place}/{KEY}", len(BYTES), len(BYTES) + 5)
    assert {one.key for one in to.store.list()} == {KEY, f"{KEY}.state"}
    assert (content(to), content(to, f"{KEY}.state")) == (BYTES, b"state")
    assert shipped_path(path).exists()


def test_what_was_shipped_is_not_asked_for_again(path: Path, bucket: Bucket) -> None:
    to = Destination(bucket.url)
    ship(path, to, KEY)
    bucket.requests.clear()
    assert ship(path, to, KEY).sent == 0
    assert bucket.requests == []


def test_what_is_there_already_is_compared_and_not_sent(path: Path, to: Destination) -> None:
    ship(path, to, KEY)
    shipped_path(path).unlink()
    assert ship(path, to, KEY).sent == 0
    assert shipped_path(path).exists()


@pytest.mark.parametrize("other", [BYTES[:-1] + b"x", b"short"])
def test_another_object_of_the_name_stays_and_is_told_of(path: Path, to: Destination, other: bytes) -> None:
    to.store.create(KEY, other)
    with pytest.raises(ShipConflictError, match="another recording, and stays as it is"):
        ship(path, to, KEY)
    assert content(to) == other
    assert not shipped_path(path).exists()


def test_other_checkpoints_stay_and_are_no_conflict(path: Path, to: Destination) -> None:
    state_path(path).write_bytes(b"state")
    to.store.create(f"{KEY}.state", b"other")
    assert ship(path, to, KEY).state_differs
    assert content(to, f"{KEY}.state") == b"other"


def test_a_file_that_changed_is_another(path: Path, to: Destination) -> None:
    """Its mark is void, and what is there is not replaced by it."""
    ship(path, to, KEY)
    path.write_bytes(BYTES + b"more")
    with pytest.raises(ShipConflictError):
        ship(path, to, KEY)


def test_checkpoints_that_came_later_are_shipped_as_well(path: Path, to: Destination) -> None:
    ship(path, to, KEY)
    state_path(path).write_bytes(b"state")
    assert ship(path, to, KEY).sent == 5
    assert content(to, f"{KEY}.state") == b"state"


def test_a_file_that_is_being_written_waits(path: Path, to: Destination) -> None:
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(NotShippedError, match="in use"):
            ship(path, to, KEY)
    assert ship(path, to, KEY).sent


def test_a_file_with_which_something_is_to_be_done_waits(path: Path, to: Destination) -> None:
    pending_path(path).touch()
    with pytest.raises(NotShippedError, match="still to be done"):
        ship(path, to, KEY)
    assert ship(path, to, KEY, is_pending=True).sent


def test_a_store_that_cannot_be_reached_leaves_all_for_later(path: Path, bucket: Bucket) -> None:
    to = Destination(bucket.url)
    bucket.server.answer = lambda _: ("403 Forbidden", [], b"<Code>AccessDenied</Code>")
    with pytest.raises(NotShippedError) as raised:
        ship(path, to, KEY)
    assert not isinstance(raised.value, CannotShipError | ShipConflictError)
    bucket.server.answer = lambda _: None
    assert ship(path, to, KEY).sent == len(BYTES)


def test_a_file_that_is_not_there_is_told_of(tmp_path: Path, to: Destination) -> None:
    with pytest.raises(NotShippedError, match="No such file"):
        ship(tmp_path / "none.jsonl", to, KEY)
    (tmp_path / "link.jsonl").symlink_to("/etc/hostname")
    with pytest.raises(CannotShipError, match="is a link"):
        ship(tmp_path / "link.jsonl", to, KEY)
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(CannotShipError, match="is no file"):
        ship(tmp_path / "pipe.jsonl", to, KEY)
