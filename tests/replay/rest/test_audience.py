"""Whose time it is for a request."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from feedrec.replay.clock.time_types import RecordedWall
from feedrec.replay.rest.audience import Audience, nearest
from feedrec.replay.timeline.frame_batches import FrameBatch

BATCH = FrameBatch(0, 9, [], [], [])


class Client(NamedTuple):
    """A client as far as it matters here."""

    number: int
    host: str = "127.0.0.1"
    reached: tuple[FrameBatch, int] | None = (BATCH, 0)
    present: RecordedWall = RecordedWall(0)

    def venue_time(self, present: RecordedWall) -> int:
        return present


HERE, THERE = "127.0.0.1", "10.0.0.7"


def test_it_is_that_of_the_client_that_connected_last() -> None:
    clients = [Client(1), Client(3), Client(2)]
    for order in itertools.permutations(clients):
        found = nearest(order, HERE)
        assert found is not None
        assert found.number == 3


def test_a_client_of_the_same_address_goes_first() -> None:
    """Even if it is still to subscribe: its replay begins where it is asked for."""
    clients = [Client(1), Client(2, THERE, None), Client(3)]
    assert nearest(clients, THERE) == clients[1]
    assert nearest(clients, "10.0.0.8") == clients[2]


def test_a_client_that_is_sent_frames_goes_before_one_that_only_connected() -> None:
    clients = [Client(1), Client(2, reached=None)]
    assert nearest(clients, HERE) == clients[0]
    assert nearest(clients[1:], HERE) == clients[1]


def test_clients_count_for_their_endpoint_as_long_as_they_are_here() -> None:
    audience, one, other = Audience(), Client(1), Client(2)
    assert audience.nearest("a", HERE) is None
    audience.come("a", one)
    audience.come("b", other)
    assert len(audience) == 2
    assert audience.nearest("a", HERE) is one
    audience.leave("a", one)
    assert audience.nearest("a", HERE) is None
    assert audience.nearest("b", HERE) is other
    assert len(audience) == 1
