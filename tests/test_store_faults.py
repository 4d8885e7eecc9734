"""The store of the tests fails as it says, and what was done of a request then is what is true of a real one."""

from __future__ import annotations

import http.client
import random
import urllib.error
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import obstore
import pytest
from obstore.store import S3Store

from . import store_faults
from .timing import HANG_TIMEOUT

if TYPE_CHECKING:
    from .object_server import Bucket, Fault

BODY = bytes(range(256)) * 8


def ask(bucket: Bucket, method: Literal["GET", "PUT"], body: bytes | None = None) -> bytes:
    """Ask once, without what a client of S3 does about faults."""
    url = obstore.sign(S3Store(bucket.url.parts[1]), method, "x", timedelta(minutes=1))
    request = urllib.request.Request(url, body, {"Content-Type": "application/octet-stream"}, method=method)
    with urllib.request.urlopen(request, timeout=HANG_TIMEOUT) as answer:
        content: bytes = answer.read()
    return content


def put(bucket: Bucket, fault: Fault | None) -> int | None:
    """Put an object, and return what is answered; None if the connection is broken off."""
    bucket.server.fault = lambda _: fault
    try:
        ask(bucket, "PUT", BODY)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (ConnectionResetError, http.client.RemoteDisconnected, urllib.error.URLError):
        return None
    else:
        return 200
    finally:
        bucket.server.fault = lambda _: None


@pytest.mark.parametrize(
    ("fault", "status", "is_done"),
    [
        (store_faults.refusal, 503, False),
        (store_faults.late_refusal, 500, True),
        (store_faults.lost_answer, None, True),
        (store_faults.cut, None, True),  # the answer to a PUT has no body to be cut
        (store_faults.torn_request, None, False),
        (store_faults.away, None, False),
    ],
)
def test_a_write_that_fails_was_done_or_was_not(
    bucket: Bucket, fault: Fault, status: int | None, *, is_done: bool
) -> None:
    assert put(bucket, fault) == status
    found = bucket.store.find("x")
    assert (found is not None) is is_done
    assert found is None or found.size == len(BODY)


def test_an_answer_that_is_cut_ends_before_it_is_whole(bucket: Bucket) -> None:
    put(bucket, None)
    bucket.server.fault = lambda _: store_faults.cut
    with pytest.raises(http.client.IncompleteRead) as error:
        ask(bucket, "GET")
    assert error.value.partial == BODY[: len(BODY) // 2]


def test_a_slow_answer_is_whole(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_faults, "_SECONDS", 0.01)
    put(bucket, None)
    bucket.server.fault = lambda _: store_faults.slow
    assert ask(bucket, "GET") == BODY


def test_all_faults_come_in_an_order_that_a_seed_gives_and_none_where_nobody_is_there() -> None:
    def drawn(misfortune: store_faults.Misfortune) -> list[Fault | None]:
        return [misfortune({}) for _ in range(200)]

    one, other = (store_faults.Misfortune(random.Random(7), 0.5) for _ in range(2))
    faults = drawn(one)
    assert faults == drawn(other)
    assert set(faults) == {None, *store_faults.FAULTS}
    assert sum(one.counts.values()) == 200 - faults.count(None)
    one.is_away = True
    assert set(drawn(one)) == {store_faults.away}
