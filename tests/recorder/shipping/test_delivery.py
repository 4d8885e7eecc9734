"""Bytes become an object that is whole, and overwrite none, in one piece and in parts."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import CannotShipError, NotShippedError, PlaceError, ShipConflictError
from feedrec.recorder.shipping import delivery
from feedrec.recorder.shipping.destination import TEMPORARY, Destination
from feedrec.recorder.shipping.shipment import ship

from ...object_server import Bucket
from .conftest import BYTES

KEY = "x.jsonl"


@pytest.fixture(params=["one piece", "parts"])
def _size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the recording sent in each way."""
    if request.param == "parts":
        monkeypatch.setattr(delivery, "LARGEST_PUT", 10)


@pytest.mark.usefixtures("_size")
def test_it_is_there_and_nothing_else_is(path: Path, to: Destination) -> None:
    assert ship(path, to, KEY).sent == len(BYTES)
    assert to.store.read(KEY, 0, 1 << 20).data == BYTES
    assert [one.key for one in to.store.list()] == [KEY]


@pytest.mark.usefixtures("_size")
def test_one_that_comes_first_meanwhile_stays(path: Path, to: Destination) -> None:
    """Another machine has shipped to the key after it was looked for."""
    find, patch = to.store.find, pytest.MonkeyPatch()

    def missing(key: str) -> Any:
        patch.undo()
        found = find(key)
        to.store.create(key, b"another")
        return found

    patch.setattr(to.store, "find", missing)
    with pytest.raises(ShipConflictError):
        ship(path, to, KEY)
    assert to.store.read(KEY, 0, 100).data == b"another"
    assert [one.key for one in to.store.list()] == [KEY]


@pytest.mark.usefixtures("_size")
def test_of_many_that_ship_to_a_key_one_succeeds(tmp_path: Path, to: Destination) -> None:
    paths = [tmp_path / f"{number}.jsonl" for number in range(6)]
    for number, path in enumerate(paths):
        path.write_bytes(b"%d" % (number // 2) * 100)  # two machines have the same recording
    outcomes: dict[Path, bool] = {}

    def one(path: Path) -> None:
        try:
            outcomes[path] = bool(ship(path, Destination(to.place, to.store), KEY))
        except ShipConflictError:
            outcomes[path] = False

    threads = [threading.Thread(target=one, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    there = to.store.read(KEY, 0, 1000).data
    assert len(there) == 100
    assert {path for path, is_shipped in outcomes.items() if is_shipped} == {
        path for path in paths if path.read_bytes() == there
    }
    assert len(outcomes) == 6


def test_parts_that_came_there_as_something_else_are_not_copied(
    path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LARGEST_PUT", 10)
    to = Destination(bucket.url)
    write = to.store.write

    def wrong(key: str, _content: Path) -> Any:
        return write(key, b"x" * len(BYTES))

    monkeypatch.setattr(to.store, "write_in_parts", wrong)
    with pytest.raises(NotShippedError, match="not what was sent"):
        ship(path, to, KEY)
    assert list(to.store.list()) == []


def test_a_store_that_overwrites_is_refused(path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    to = Destination(bucket.url)
    monkeypatch.setattr(to.store, "create", to.store.write)
    with pytest.raises(CannotShipError, match="overwrites objects"):
        ship(path, to, KEY)
    assert list(to.store.list()) == []


def test_a_store_whose_copies_overwrite_is_refused_for_what_is_large(
    path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = Destination(bucket.url)
    monkeypatch.setattr(to.store, "copy", lambda _source, target: to.store.write(target, b""))
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "LARGEST_PUT", 10)
        with pytest.raises(CannotShipError, match="overwrites objects"):
            ship(path, to, KEY)
    assert list(to.store.list()) == []
    assert ship(path, to, KEY).sent


def test_a_store_without_such_a_copy_is_refused_for_what_is_large(
    path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LARGEST_PUT", 10)
    to = Destination(bucket.url)

    def refuse(environment: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes] | None:
        is_copy = "HTTP_X_AMZ_COPY_SOURCE" in environment
        return ("501 Not Implemented", [], b"<Error><Code>NotImplemented</Code></Error>") if is_copy else None

    bucket.server.answer = refuse
    with pytest.raises(CannotShipError, match="no copy that leaves alone"):
        ship(path, to, KEY)
    assert [one.key for one in to.store.list()] == []


def test_what_s3_could_not_copy_is_not_sent(path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "LARGEST_PUT", 10)
    monkeypatch.setattr(delivery, "LARGEST_COPY", len(BYTES) - 1)
    with pytest.raises(CannotShipError, match="is larger than the 5 GB that S3 copies at once"):
        ship(path, Destination(bucket.url), KEY)
    assert list(bucket.store.list()) == []
    monkeypatch.setattr(delivery, "LARGEST_COPY", len(BYTES))
    assert ship(path, Destination(bucket.url), KEY).sent == len(BYTES)


def test_what_is_safe_is_found_out_once(tmp_path: Path, bucket: Bucket) -> None:
    to = Destination(bucket.url)
    for number in range(3):
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(BYTES)
        ship(path, to, path.name)
    tried = [request for request in bucket.requests if request.key.startswith(TEMPORARY) and request.method == "PUT"]
    assert len(tried) == 2


def test_what_cannot_be_found_out_is_left_for_later(
    path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = Destination(bucket.url)

    def fail(*_: object) -> Any:
        raise PlaceError(bucket.url, "no answer")

    with monkeypatch.context() as patch:
        patch.setattr(to.store, "create", fail)
        with pytest.raises(NotShippedError) as raised:
            ship(path, to, KEY)
        assert not isinstance(raised.value, CannotShipError)
    assert ship(path, to, KEY).sent
