from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedrec.errors import ObjectChangedError, ObjectExistsError, ObjectMissingError, PlaceAwayError, PlaceError
from feedrec.formats.places.object_store import ObjectStore
from feedrec.formats.places.patience import Patience
from feedrec.formats.places.protection import Protection
from tests.timing import HANG_TIMEOUT, scaled, wait_until

if TYPE_CHECKING:
    from tests.object_server import Bucket

Answer = tuple[str, list[tuple[str, str]], bytes]
_BRIEF = Patience(attempts=4, first_wait=0.001, stall=scaled(0.4), slowest=1 << 30)


@pytest.fixture
def store(bucket: Bucket) -> ObjectStore:
    return ObjectStore(bucket.url, Protection(), _BRIEF)


def _answer_first(bucket: Bucket, count: int, answer: Callable[[dict[str, Any]], Answer | None]) -> list[str]:
    """Have the first requests answered in place of the store; return which it gets."""
    methods: list[str] = []

    def one(environment: dict[str, Any]) -> Answer | None:
        methods.append(environment["REQUEST_METHOD"])
        return answer(environment) if len(methods) <= count else None

    bucket.server.answer = one
    return methods


def _failing(status: str, code: str = "") -> Callable[[dict[str, Any]], Answer]:
    return lambda _: (status, [("Content-Type", "application/xml")], f"<Error><Code>{code}</Code></Error>".encode())


def _cut(environment: dict[str, Any]) -> Answer:
    headers = {
        "Content-Length": "10",
        "Content-Range": f"bytes {'90-99' if environment['HTTP_RANGE'] == 'bytes=-10' else '0-9'}/100",
        "ETag": '"x"',
        "Last-Modified": "Fri, 27 Nov 2026 04:00:00 GMT",
    }
    return "206 Partial Content", list(headers.items()), b"half!"


@pytest.mark.parametrize(
    "answer",
    [
        _failing("503 Slow Down", "SlowDown"),
        _failing("500 Internal Server Error"),
        _failing("429 Too Many Requests"),
        _failing("400 Bad Request", "RequestTimeout"),
        _cut,
    ],
    ids=["503", "500", "429", "RequestTimeout", "cut"],
)
def test_what_goes_away_is_asked_for_again(
    bucket: Bucket, store: ObjectStore, answer: Callable[[dict[str, Any]], Answer]
) -> None:
    store.create("a/x", bytes(range(100)))
    asked = _answer_first(bucket, 3, answer)
    assert store.read("a/x", 0, 10).data == bytes(range(10))
    assert asked == ["GET"] * 4
    asked = _answer_first(bucket, 4, answer)
    with pytest.raises(PlaceAwayError, match=r"^s3://bucket-\d+/a/x: (the store answers|the answer was cut)"):
        store.read("a/x", 0, 10)
    assert asked == ["GET"] * 4


def test_a_store_that_answers_503_meanwhile_gets_what_is_written_listed_and_removed(
    bucket: Bucket, store: ObjectStore
) -> None:
    busy = _failing("503 Slow Down", "SlowDown")
    _answer_first(bucket, 3, busy)
    store.create("a/x", b"x")
    _answer_first(bucket, 3, busy)
    store.write("a/x", b"xy")
    _answer_first(bucket, 3, busy)
    assert [one.key for one in store.list("a/")] == ["a/x"]
    _answer_first(bucket, 3, busy)
    assert store.find("a/x") is not None
    _answer_first(bucket, 3, busy)
    store.delete("a/x")
    bucket.server.answer = lambda _: None
    assert store.find("a/x") is None


def test_a_store_that_says_nothing_is_not_waited_for_for_ever(bucket: Bucket, store: ObjectStore) -> None:
    store.create("x", b"x")
    is_over = threading.Event()

    def silent(_: dict[str, Any]) -> Answer:
        is_over.wait(HANG_TIMEOUT)
        return _failing("500 Late")({})

    bucket.requests.clear()
    asked = _answer_first(bucket, 1, silent)
    assert store.read("x", 0, 1).data == b"x"
    bucket.server.answer = silent
    impatient = ObjectStore(bucket.url, Protection(), _BRIEF._replace(attempts=1))
    with pytest.raises(PlaceAwayError, match="x: there was no answer in time"):
        impatient.read("x", 0, 1)
    is_over.set()
    wait_until(lambda: len(bucket.requests) == len(asked) + 1)


def test_what_does_not_go_away_is_said_at_once(bucket: Bucket, store: ObjectStore) -> None:
    for status, code, said in (
        ("403 Forbidden", "AccessDenied", "the store answers 403 Forbidden (AccessDenied)"),
        ("403 Forbidden", "RequestTimeTooSkewed", "the clock of this machine is wrong"),
        ("404 Not Found", "NoSuchBucket", "there is no such bucket"),
        ("301 Moved Permanently", "PermanentRedirect", "the bucket is in another region: set AWS_REGION"),
    ):
        asked = _answer_first(bucket, 9, _failing(status, code))
        with pytest.raises(PlaceError) as caught:
            store.read("x", 0, 1)
        assert str(caught.value) == f"{bucket.url}/x: {said}"
        assert not isinstance(caught.value, PlaceAwayError)
        assert asked == ["GET"]


def test_an_object_that_was_created_before_the_answer_was_lost_is_ours(bucket: Bucket, store: ObjectStore) -> None:
    application = bucket.server._app

    def lost(environment: dict[str, Any]) -> Answer:
        list(application(environment, lambda *_: None))
        return _failing("500 Lost")({})

    asked = _answer_first(bucket, 1, lost)
    assert store.create("x", b"content").size == 7
    assert asked.count("PUT") == 2


def test_an_object_of_another_is_not_taken_for_ours_because_an_answer_was_lost(
    bucket: Bucket, store: ObjectStore
) -> None:
    store.create("x", b"the other")
    _answer_first(bucket, 1, _failing("500 Lost"))
    with pytest.raises(ObjectExistsError):
        store.create("x", b"of others")
    _answer_first(bucket, 1, _failing("500 Lost"))
    with pytest.raises(ObjectExistsError):
        store.create("x", b"short")
    bucket.server.answer = lambda _: None
    assert store.read("x", 0, 99).data == b"the other"


def test_two_that_create_at_once_come_again(bucket: Bucket, store: ObjectStore) -> None:
    """S3 answers 409 to a conditional write if another one of the key is under way."""
    asked = _answer_first(bucket, 1, _failing("409 Conflict", "ConditionalRequestConflict"))
    store.create("x", b"x")
    assert asked[:3] == ["PUT", "HEAD", "PUT"]
    bucket.server.answer = lambda one: (
        _failing("409 Conflict", "ConditionalRequestConflict")({}) if one["REQUEST_METHOD"] == "PUT" else None
    )
    with pytest.raises(PlaceAwayError, match="y: is being written by another"):
        store.create("y", b"y")


def test_an_object_without_a_strong_tag_is_told_apart_by_size_and_time(bucket: Bucket, store: ObjectStore) -> None:
    """A weak tag matches nothing in If-Match: it is not sent, but looked at."""
    tags = iter(['W/"1"', 'W/"1"', 'W/"2"'])

    def weak(environment: dict[str, Any]) -> Answer:
        assert "HTTP_IF_MATCH" not in environment
        headers = {
            "Content-Length": "1",
            "Content-Range": "bytes 0-0/10",
            "ETag": next(tags),
            "Last-Modified": "Fri, 27 Nov 2026 04:00:00 GMT",
        }
        return "206 Partial Content", list(headers.items()), b"x"

    bucket.server.answer = weak
    seen = store.read("x", 0, 1).of
    store.read("x", 0, 1, seen)
    with pytest.raises(ObjectChangedError):
        store.read("x", 0, 1, seen)


@pytest.mark.moto  # of which what is asked can be changed after it was signed
def test_a_listing_goes_on_where_a_page_failed(bucket: Bucket, store: ObjectStore) -> None:
    """And does not end there, as if that were all."""
    keys = {f"{number:04}" for number in range(30)}
    for key in keys:
        store.write(f"a/{key}", b"")
    paged = False

    def one(environment: dict[str, Any]) -> Answer | None:
        nonlocal paged
        query = environment["QUERY_STRING"]
        if "continuation-token" in query and not paged:
            paged = True
            return _failing("503 Slow Down")({})
        environment["QUERY_STRING"] = f"{query}&max-keys=7"
        return None

    bucket.server.answer = one
    found = [one.key.removeprefix("a/") for one in store.list("a/")]
    assert paged
    assert sorted(found) == sorted(keys)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 70), st.integers(1, 70))
def test_a_range_is_that_of_the_bytes(store: ObjectStore, start: int, size: int) -> None:
    content = bytes(range(50))
    store.write("x", content)
    assert store.read("x", start, size)[:2] == (start, content[start : start + size])


@pytest.mark.parametrize("name", ["a b", "a#b", "a?b", "a%20b", "é", "a+b", "a*b", "a{b}[c]", "a&b=c;d", "~'\"^`|"])
def test_a_name_is_that_of_the_object_and_of_the_folder_whatever_is_in_it(bucket: Bucket, name: str) -> None:
    ObjectStore(bucket.url / name, Protection(), _BRIEF).create(name, b"x")
    store = ObjectStore(bucket.url, Protection(), _BRIEF)
    assert [one.key for one in store.list()] == [f"{name}/{name}"]
    assert [one.key for one in store.list(f"{name}/")] == [f"{name}/{name}"]
    assert [one.key for one in ObjectStore(bucket.url / name, Protection(), _BRIEF).list()] == [name]
    assert store.read(f"{name}/{name}", 0, 1).data == b"x"


def test_a_large_range_is_asked_for_in_pieces(
    bucket: Bucket, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that each of them comes in time, on a slow line too."""
    monkeypatch.setattr("feedrec.formats.places.object_store.LARGEST_READ", 10)
    content = bytes(range(95))
    store.write("x", content)
    bucket.requests.clear()
    assert store.read("x", 3, 1000).data == content[3:]
    assert [request.size for request in bucket.requests] == [10] * 9 + [2]
    assert store.read("x", 5, 20).data == content[5:25]


def test_parts_of_what_is_refused_are_taken_back(bucket: Bucket, store: ObjectStore, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(100))
    bucket.server.answer = lambda one: (
        _failing("403 Forbidden", "AccessDenied")({}) if "partNumber" in one["QUERY_STRING"] else None
    )
    with pytest.raises(PlaceError, match="403"):
        store.write_in_parts("x", file)
    assert [request.method for request in bucket.requests][-1] == "DELETE"


def test_a_bucket_that_is_not_there_is_said_so(bucket: Bucket) -> None:
    nowhere = ObjectStore(bucket.url.with_name("nowhere"), Protection(), _BRIEF)
    for call in (
        lambda: nowhere.create("x", b""),
        lambda: nowhere.read("x", 0, 1),
        lambda: list(nowhere.list()),
    ):
        with pytest.raises(ObjectMissingError, match="there is no such bucket"):
            call()
