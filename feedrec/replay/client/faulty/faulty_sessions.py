"""Sessions with what is hit: with a venue, and without one."""

from __future__ import annotations

from collections.abc import Callable

from ....feeds.venue import FeedServer, Message, Remark
from ...faults.faulty_server import BinaryMessage, EndpointFaults, FaultyServer
from ...venue.mock_venue import MockVenue
from ..sending.outlet import Outlet
from ..venue_session import VenueSession

__all__ = ["keep_binary", "session_of_every_frame", "session_with_faults"]


class _EveryFrame(FeedServer):
    """Sends every frame, and answers nothing."""


def session_with_faults(
    venue: MockVenue,
    faults: EndpointFaults,
    outlet: Outlet,
    remark: Callable[[Remark], object],
    is_alone: Callable[[], bool],
) -> tuple[FaultyServer, VenueSession]:
    """Return what hits the frames of a client of a venue, and its session; see `VenueSession` for the arguments."""
    made: list[FaultyServer] = []

    def in_front(server: FeedServer) -> FeedServer:
        made.append(FaultyServer(server, faults))
        return made[0]

    session = VenueSession.with_venue(venue, outlet, remark, is_alone, in_front)
    return made[0], session


def session_of_every_frame(faults: EndpointFaults, outlet: Outlet) -> tuple[FaultyServer, VenueSession]:
    """Return what hits the frames of a client that is sent all of them, and what they pass through."""
    faulty = FaultyServer(_EveryFrame(), faults)
    return faulty, VenueSession(faulty, None, None, outlet, lambda remark: None, lambda: False)  # noqa: ARG005


def keep_binary(outlet: Outlet) -> None:
    """Have an outlet send a binary message as one, whenever it comes."""
    add = outlet.add

    def add_as_it_is(payload: Message, *, binary: bool) -> bool:
        return add(payload, binary=binary or isinstance(payload, BinaryMessage))

    outlet.add = add_as_it_is  # type: ignore[method-assign]  # of this one alone: no other has to ask
