from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feedrec.errors import ObjectMissingError
from feedrec.formats.places import seen_objects
from feedrec.formats.places.seen_objects import HEAD, forget, is_object, objects_below, seen_object, tail_size

if TYPE_CHECKING:
    from tests.object_server import Bucket


def test_what_was_seen_holds_for_some_seconds_and_is_then_looked_at_again(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("feedrec.formats.places.seen_objects.time.monotonic", lambda: now)
    path = bucket.url / "x"
    bucket.store.create("x", b"one")
    first = seen_object(path)
    bucket.requests.clear()
    assert seen_object(path) is first
    assert bucket.requests == []
    now += 11
    assert seen_object(path) is first
    assert [request.method for request in bucket.requests] == ["HEAD"]
    bucket.store.write("x", b"two")
    now += 11
    assert seen_object(path).head == b"two"
    forget(path)
    bucket.store.delete("x")
    with pytest.raises(ObjectMissingError):
        seen_object(path)


def test_what_is_kept_is_bounded(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_objects, "_MOST_BYTES", 250)
    for name in "abc":
        bucket.store.create(name, name.encode() * 100)
        seen_object(bucket.url / name)
    bucket.requests.clear()
    assert seen_object(bucket.url / "c").head == b"c" * 100
    assert bucket.requests == []
    assert seen_object(bucket.url / "a").head == b"a" * 100
    assert len(bucket.requests) == 1


def test_a_listing_tells_what_is_not_there(bucket: Bucket) -> None:
    bucket.store.create("p/a", b"a")
    bucket.store.create("p/q/b", b"b")
    bucket.store.create("other", b"")
    assert set(objects_below(bucket.url / "p")) == {"p/a", "p/q/b"}
    bucket.requests.clear()
    there = [is_object(bucket.url / name, as_listed=True) for name in ("p/a", "p/a.state", "p/q/b", "p/q/b.state")]
    assert there == [True, False, True, False]
    assert bucket.requests == []
    assert (is_object(bucket.url / "p/a"), is_object(bucket.url / "p/c")) == (True, False)


def test_the_end_of_an_object_is_what_is_left_of_a_small_one_and_a_small_part_of_a_large_one() -> None:
    assert [HEAD + tail_size(size) for size in (HEAD + 5, HEAD + (1 << 20))] == [HEAD + 5, HEAD + (1 << 20)]
    assert tail_size(100 << 20) == 256 << 10
    assert tail_size(1 << 30) == 2 << 20
    assert tail_size(1 << 40) == 5 << 19
