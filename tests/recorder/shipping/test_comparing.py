"""An object is the file if its etag proves it, or if all its bytes say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.errors import ObjectChangedError
from feedrec.formats.places.opening import store_at
from feedrec.recorder.shipping.comparing import is_same
from feedrec.recorder.shipping.content import Content, content_of

from ...object_server import Bucket

BYTES = b"0123456789" * 1000


def content(path: Path, data: bytes = BYTES) -> Content:
    path.write_bytes(data)
    with path.open("rb") as file:
        return content_of(file.fileno())


def test_an_etag_that_is_the_checksum_is_enough(tmp_path: Path, bucket: Bucket) -> None:
    found = bucket.store.create("x", BYTES)
    bucket.requests.clear()
    assert is_same(bucket.store, found, content(tmp_path / "x"))
    assert not is_same(bucket.store, found, content(tmp_path / "x", b"short"))
    assert bucket.requests == []


def test_another_etag_proves_nothing_and_all_is_read(tmp_path: Path, bucket: Bucket) -> None:
    found = bucket.store.create("x", BYTES)
    assert is_same(bucket.store, found, content(tmp_path / "x")._replace(etags=frozenset()))
    assert not is_same(bucket.store, found, content(tmp_path / "x", BYTES[:-1] + b"x"))
    assert [request.method for request in bucket.requests[-2:]] == ["GET", "GET"]


def test_an_object_that_is_replaced_while_it_is_read_is_neither(tmp_path: Path) -> None:
    store = store_at(tmp_path / "place")
    found = store.create("x", BYTES)
    store.write("x", BYTES[:-1] + b"x")
    with pytest.raises(ObjectChangedError):
        is_same(store, found, content(tmp_path / "x"))
