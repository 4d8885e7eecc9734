"""What is made for a URL appears there whole, or not at all, and nothing of it stays here."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedrec.errors import PlaceError, RecordingExistsError, UsageError, WriteError
from feedrec.formats.staging import several_uploads
from feedrec.formats.staging import staged as module
from feedrec.formats.staging.staged import Staging, staged

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...object_server import Bucket


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have temporary folders in one of the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def keys_of(bucket: Bucket) -> list[str]:
    """Return the names of all objects."""
    return sorted(one.key for one in bucket.store.list())


def beside(path: Path) -> Path:
    """Return what belongs to a file."""
    return path.with_name(f"{path.name}.more")


def several(stage: Staging, count: int) -> list[Path]:
    """Make some files of a byte, named 1, 2 and so on."""
    stage.path.mkdir()
    files = [stage.path / str(number + 1) for number in range(count)]
    for path in files:
        path.write_bytes(b"1")
    return files


def test_a_file_is_uploaded_with_what_belongs_to_it_and_nothing_stays_here(bucket: Bucket, temporary: Path) -> None:
    """The URL is returned; the object is what the file was."""
    with staged(bucket.url / "a" / "x.jsonl") as stage:
        stage.path.write_bytes(b"lines")
        beside(stage.path).write_bytes(b"more")
        assert stage.upload([stage.path], beside) == [bucket.url / "a" / "x.jsonl"]
        assert not [*stage.path.parent.iterdir()], "a file is removed once it is there"
    assert keys_of(bucket) == ["a/x.jsonl", "a/x.jsonl.more"]
    assert bucket.store.read("a/x.jsonl", 0, 99).data == b"lines"
    assert not [*temporary.iterdir()]


def test_files_beside_the_target_and_below_it_have_urls_of_their_own(bucket: Bucket) -> None:
    """Those of a rotation are beside it, those of an export below."""
    with staged(bucket.url / "a" / "x.jsonl") as stage:
        other = stage.path.with_name("x-0001.jsonl")
        other.write_bytes(b"1")
        assert stage.upload([other]) == [bucket.url / "a" / "x-0001.jsonl"]
    for target, keys in ((bucket.url / "folder", ["folder/y/z"]), (bucket.url, ["y/z"])):
        with staged(target) as stage:
            (stage.path / "y").mkdir(parents=True)
            (stage.path / "y" / "z").write_bytes(b"2")
            assert stage.upload([stage.path / "y" / "z"]) == [target / "y" / "z"]
        assert set(keys) <= set(keys_of(bucket))


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_came_meanwhile_stays_unless_it_may_be_replaced(bucket: Bucket, *, overwrite: bool) -> None:
    """The store itself decides, when the file is uploaded."""
    url = bucket.url / "x"
    with staged(url, overwrite=overwrite) as stage:
        stage.path.write_bytes(b"ours")
        bucket.store.create("x", b"theirs")
        bucket.store.create("x.more", b"of theirs")
        if overwrite:
            assert stage.upload([stage.path], beside) == [url]
        else:
            with pytest.raises(RecordingExistsError, match=f"^{url}: was created by another program meanwhile"):
                stage.upload([stage.path], beside)
    assert bucket.store.read("x", 0, 99).data == (b"ours" if overwrite else b"theirs")
    assert keys_of(bucket) == (["x"] if overwrite else ["x", "x.more"]), "what belonged to the other has no use"


def test_one_of_several_that_cannot_be_uploaded_leaves_the_others(
    bucket: Bucket, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error tells how many are there; those that had not begun do not begin."""
    monkeypatch.setattr(several_uploads, "_AT_ONCE", 1)
    bucket.store.create("f/2", b"theirs")
    with staged(bucket.url / "f") as stage, pytest.raises(RecordingExistsError) as caught:
        stage.upload(several(stage, 3))
    assert str(caught.value).startswith(f"{bucket.url}/f/2: ")
    assert str(caught.value).endswith("not replaced; 1 other file was uploaded, and stays")
    assert keys_of(bucket) == ["f/1", "f/2"]
    assert not [*temporary.iterdir()]


def test_what_ends_the_waiting_ends_the_work(bucket: Bucket, temporary: Path) -> None:
    """As Ctrl-C does while an object is on its way: no further file appears."""
    ending, going_on = threading.Event(), threading.Event()

    def answer(environment: dict[str, object]) -> None:
        if environment["REQUEST_METHOD"] == "PUT":
            ending.set()
            going_on.wait()

    bucket.server.answer = answer
    begun = bucket.url / "f"

    def end(_done: int, size: int) -> None:
        assert size == 3 * several_uploads._AT_ONCE
        if ending.is_set():
            raise KeyboardInterrupt

    with staged(begun) as stage, pytest.raises(KeyboardInterrupt):
        stage.upload(several(stage, 3 * several_uploads._AT_ONCE), on_waiting=end)
    assert not [*temporary.iterdir()]
    going_on.set()
    for thread in threading.enumerate():
        if thread.name.startswith("upload "):
            thread.join()
    assert len(keys_of(bucket)) <= several_uploads._AT_ONCE


def test_an_object_of_another_size_is_an_error(bucket: Bucket) -> None:
    """Whatever a store does with what it gets."""

    def answer(environment: dict[str, object]) -> tuple[str, list[tuple[str, str]], bytes] | None:
        if environment["REQUEST_METHOD"] == "HEAD":
            headers = {"Content-Length": "3", "ETag": '"1"', "Last-Modified": "Fri, 27 Nov 2026 00:00:00 GMT"}
            return "200 OK", [*headers.items()], b""
        return None

    with staged(bucket.url / "x") as stage:
        stage.path.write_bytes(b"four")
        bucket.server.answer = answer
        with pytest.raises(PlaceError, match="has 3 bytes after 4 were uploaded"):
            stage.upload([stage.path])


def test_errors_name_urls(bucket: Bucket, temporary: Path) -> None:
    """Of a full disk they say which one is meant."""
    url = bucket.url / "a" / "x.jsonl"

    def say(make: Callable[[Path], Exception]) -> str:
        with pytest.raises(Exception) as caught, staged(url) as stage:  # noqa: PT011
            raise make(stage.path)
        return str(caught.value)

    assert say(lambda path: UsageError(f"{path} and {path.parent / 'y'} differ")) == (
        f"{url} and {bucket.url}/a/y differ"
    )
    assert say(lambda path: RecordingExistsError(path.with_name("y"), "is there")) == f"{bucket.url}/a/y: is there"
    assert say(lambda _: RecordingExistsError("elsewhere", "is there")) == "elsewhere: is there"
    full = say(lambda path: WriteError(path, "No space left on device"))
    assert full == f"{url}: No space left on device (it is made in {temporary} first: TMPDIR names another folder)"


def test_without_a_temporary_folder_nothing_begins(bucket: Bucket, temporary: Path) -> None:
    """One line says so."""
    temporary.rmdir()
    with pytest.raises(WriteError, match="no temporary folder can be made for it: No such file"), staged(bucket.url):
        pass


def test_names_below_a_folder_are_taken(bucket: Bucket) -> None:
    """Also those of many levels; one that leads out of the folder is none."""
    for key in ("f/a", "f/b/c", "f/b/c/d", "f", "fg"):
        bucket.store.create(key, b"1")
    with staged(bucket.url / "f") as stage:
        stage.path.mkdir()
        stage.take_names()
        found = {path.relative_to(stage.path).as_posix() for path in stage.path.rglob("*")}
        assert found in ({"a", "b", "b/c"}, {"a", "b", "b/c", "b/c/d"})
        assert {*stage.path.parent.iterdir()} == {stage.path}


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_too_large_for_a_request_goes_in_parts(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, *, overwrite: bool
) -> None:
    """The store is asked once more what is there, unless that may be replaced."""
    monkeypatch.setattr(module, "_LARGEST_PUT", 3)
    with staged(bucket.url / "x", overwrite=overwrite) as stage:
        stage.path.write_bytes(b"four")
        bucket.server.requests.clear()
        stage.upload([stage.path])
    assert "POST" in [one.method for one in bucket.requests]
    assert bucket.store.read("x", 0, 99).data == b"four"
    with staged(bucket.url / "x", overwrite=overwrite) as stage:
        stage.path.write_bytes(b"more")
        if overwrite:
            stage.upload([stage.path])
        else:
            with pytest.raises(RecordingExistsError, match="created by another program meanwhile"):
                stage.upload([stage.path])
    assert bucket.store.read("x", 0, 99).data == (b"more" if overwrite else b"four")
