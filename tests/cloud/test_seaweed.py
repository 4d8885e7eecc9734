"""What a real store keeps when it is killed, and what its clients see when it fails."""

from __future__ import annotations

import contextlib
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

from feedrec.errors import ObjectExistsError, PlaceError
from tests.object_server import Bucket
from tests.store_faults import Misfortune
from tests.timing import wait_until

from .seaweed import Seaweed

SIZE = 300_000


def test_an_object_is_there_after_the_store_was_killed(seaweed: Seaweed, bucket: Bucket) -> None:
    """As soon as it is said to be written, also where it was written over or is of several megabytes."""
    large = os.urandom(9 << 20)
    bucket.store.create("a/large", large)
    bucket.store.create("x", b"first")
    bucket.store.write("x", b"second")
    before = sorted(bucket.store.list())
    seaweed.kill()
    seaweed.start()
    assert sorted(bucket.store.list()) == before
    assert bucket.store.read("a/large", 0, len(large)).data == large
    assert bucket.store.read("x", 0, 100).data == b"second"


def test_one_of_many_that_create_an_object_at_once_does(bucket: Bucket) -> None:
    """What is there is what that one wrote, and all others are told."""
    ready = threading.Barrier(8)

    def create(number: int) -> int | None:
        ready.wait()
        with contextlib.suppress(ObjectExistsError):
            bucket.store.create("x", bytes([number]) * SIZE)
            return number
        return None

    with ThreadPoolExecutor(8) as threads:
        created = [number for number in threads.map(create, range(8)) if number is not None]
    assert len(created) == 1
    assert bucket.store.read("x", 0, 2 * SIZE).data == bytes(created) * SIZE


def test_no_object_is_half_there_whatever_fails(bucket: Bucket) -> None:
    """What was said to be written is there as it was, what was not is so or absent, and all that is read is right."""
    misfortune = Misfortune(random.Random(19), 0.3)
    bucket.server.fault = misfortune
    contents = {f"{number}": random.Random(number).randbytes(SIZE) for number in range(60)}
    store = bucket.store

    def take(key: str) -> bool:
        is_said = False
        with contextlib.suppress(PlaceError):
            store.create(key, contents[key])
            is_said = True
        with contextlib.suppress(PlaceError):
            assert store.read(key, 1000, 5000).data == contents[key][1000:6000]
        return is_said

    with ThreadPoolExecutor(8) as threads:
        said = dict(zip(contents, threads.map(take, contents), strict=True))
    bucket.server.fault = lambda _: None
    found = {one.key: store.read(one.key, 0, 2 * SIZE).data for one in store.list()}
    assert found == {key: contents[key] for key in found}
    assert {key for key, is_said in said.items() if is_said} <= set(found)
    assert sum(said.values()) > len(said) / 2
    assert len(misfortune.counts) >= 5


def test_a_store_that_is_away_for_a_while_is_waited_for(bucket: Bucket) -> None:
    """The client asks again, as long as its attempts last."""
    bucket.store.create("x", b"first")
    misfortune = Misfortune(random.Random(1), 0.0)
    misfortune.is_away = True
    bucket.server.fault = misfortune
    with ThreadPoolExecutor(1) as threads:
        found = threads.submit(bucket.store.find, "x")
        wait_until(lambda: misfortune.counts["away"] >= 2)
        misfortune.is_away = False
        assert found.result() == bucket.store.find("x")
