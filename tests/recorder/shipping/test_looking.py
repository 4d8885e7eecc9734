"""Whether a recording that was shipped is still there."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.errors import NotShippedError, PlaceError
from feedrec.formats.file.names import shipped_path
from feedrec.recorder.shipping.destination import Destination
from feedrec.recorder.shipping.looking import is_still_there
from feedrec.recorder.shipping.shipment import ship

from ...object_server import Bucket

KEY = "x.jsonl"


def test_it_is_there_until_it_is_removed_or_replaced(path: Path, to: Destination) -> None:
    assert not is_still_there(path, to, KEY)
    ship(path, to, KEY)
    assert is_still_there(path, to, KEY)
    to.store.write(KEY, b"another")
    assert not is_still_there(path, to, KEY)
    assert shipped_path(path).exists()
    to.store.delete(KEY)
    assert not is_still_there(path, to, KEY)
    assert not shipped_path(path).exists()  # so it is shipped again


def test_it_takes_one_question(path: Path, bucket: Bucket) -> None:
    to = Destination(bucket.url)
    ship(path, to, KEY)
    bucket.requests.clear()
    assert is_still_there(path, to, KEY)
    assert [request.method for request in bucket.requests] == ["HEAD"]


def test_a_store_that_does_not_answer_is_no_answer(path: Path, bucket: Bucket) -> None:
    to = Destination(bucket.url)
    ship(path, to, KEY)
    bucket.server.answer = lambda _: ("403 Forbidden", [], b"")
    with pytest.raises(PlaceError) as raised:
        is_still_there(path, to, KEY)
    assert not isinstance(raised.value, NotShippedError)
