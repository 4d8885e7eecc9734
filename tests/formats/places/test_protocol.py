"""What every place promises, of a folder and of an object store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedrec.errors import ObjectChangedError, ObjectExistsError, ObjectMissingError
from feedrec.formats.places.opening import store_at
from feedrec.formats.places.protocol import Store

if TYPE_CHECKING:
    from tests.object_server import Bucket


@pytest.fixture(params=["folder", "object store"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return store_at(tmp_path / "place")
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.store


def test_an_object_is_created_only_if_it_is_absent(store: Store, tmp_path: Path) -> None:
    made = store.create("a/x", b"first")
    with pytest.raises(ObjectExistsError):
        store.create("a/x", b"other")
    assert store.read("a/x", 0, 9).data == b"first"
    assert store.find("a/x") == made
    file = tmp_path / "file"
    file.write_bytes(b"of a file")
    store.create("b", file)
    store.write("b", b"written over")
    assert store.read("b", 0, 100).data == b"written over"


def test_a_copy_never_takes_the_place_of_an_object(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(range(256)) * 100)
    assert store.write_in_parts("parts", file).size == 25_600
    assert store.copy("parts", "a/b").size == 25_600
    assert store.read("a/b", 0, 30_000).data == file.read_bytes()
    store.write("parts", b"other")
    with pytest.raises(ObjectExistsError):
        store.copy("parts", "a/b")
    assert store.read("a/b", 0, 30_000).data == file.read_bytes()
    with pytest.raises(ObjectMissingError):
        store.copy("none", "c")


def test_ranges_are_read_as_far_as_the_object_goes(store: Store) -> None:
    store.create("x", bytes(range(100)))
    assert store.read("x", 10, 5).data == bytes(range(10, 15))
    assert store.read("x", 90, 50).data == bytes(range(90, 100))
    assert store.read("x", 100, 5).data == b""
    assert store.read("x", 0, 1).of.size == 100
    store.create("empty", b"")
    assert store.read("empty", 0, 5).data == b""


def test_what_is_not_there_is_said_to_be_missing(store: Store) -> None:
    assert store.find("none") is None
    with pytest.raises(ObjectMissingError):
        store.read("none", 0, 1)
    store.delete("none")


def test_an_object_that_was_replaced_is_not_read_as_the_one_before(store: Store) -> None:
    store.create("x", b"one")
    seen = store.read("x", 0, 1).of
    store.write("x", b"two!")
    with pytest.raises(ObjectChangedError):
        store.read("x", 1, 1, seen)


def test_a_folder_lists_what_is_in_it_and_below(store: Store) -> None:
    for key in ("a/x", "a/b/y", "ab", "z"):
        store.create(key, key.encode())
    assert {one.key for one in store.list()} == {"a/x", "a/b/y", "ab", "z"}
    assert {one.key for one in store.list("a/")} == {"a/x", "a/b/y"}
    assert list(store.list("none/")) == []
    store.delete("a/x")
    assert {one.key for one in store.list("a/")} == {"a/b/y"}
