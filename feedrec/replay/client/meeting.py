"""Who replays to a client that has come: with or without a venue or an observer, or in a dialogue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...feeds.rewriting.time_fields import time_fields_of
from ...feeds.venue import Remark
from ..dialogue.casting import Casting
from ..faults.faulty_server import EndpointFaults
from ..observer import Observer
from ..options import ReplayOptions
from ..steering.steering import Steering
from ..venue.endpoints import Endpoint
from .amid_outages.door import Door
from .amid_outages.outage_replay import OutageReplay
from .client import ClientReplay
from .connection import ReplayConnection
from .crowd import Crowd
from .dialogue_replay import DialogueReplay
from .faulty.faulty_replay import FaultyReplay
from .faulty.faulty_sessions import keep_binary, session_of_every_frame, session_with_faults
from .sending.observed_outlet import ObservedOutlet
from .sending.outlet import Outlet
from .sending.restamping import Restamping
from .venue_session import VenueSession

__all__ = ["Surroundings", "meet"]


class Surroundings(NamedTuple):
    """
    What all clients of a server have around them.

    Attributes:
        options: How to replay.
        crowd: The clients.
        steering: Says when something is played, and from where.
        casting: Has their conversations, if they have any.
        observer: Hears of what they say and are sent, if anybody does.

    """

    options: ReplayOptions
    crowd: Crowd
    steering: Steering
    casting: Casting
    observer: Observer | None


def meet(
    number: int,
    connection: ReplayConnection,
    endpoint: Endpoint,
    around: Surroundings,
    remark: Callable[[Remark], object],
) -> ClientReplay:
    """
    Return the replay to a client.

    Args:
        number: The client's number.
        connection: Its connection, open.
        endpoint: What it has connected to.
        around: What all clients have around them.
        remark: Called with what the person who runs the replay should know.

    """
    options, crowd, steering, casting, observer = around
    venue = endpoint.venue
    outlet: Outlet
    kept: dict[str, Any] = {"deflate": options.deflate, "crowd": crowd, "restamping": _restamping(endpoint, options)}
    if observer is None:
        outlet = Outlet(connection, **kept)
    else:
        outlet = ObservedOutlet(connection, **kept, client=number, observer=observer)
    if endpoint.faults is not None:
        return _meet_with_faults(number, connection, endpoint, around, remark, outlet, endpoint.faults)
    session = None
    if venue is not None:
        session = VenueSession.with_venue(venue, outlet, remark, lambda: crowd.clients < 2)
    if casting.is_dialogue:
        conversation = casting.begin(connection, number)
        client: ClientReplay = DialogueReplay(
            number, connection, endpoint, outlet, conversation, steering, crowd, observer
        )
    elif endpoint.outages is not None and steering.one is not None:
        client = amid = OutageReplay(number, connection, endpoint, outlet, session, steering, crowd, observer)
        amid.pass_through(Door(endpoint.outages, steering.one))
    else:
        client = ClientReplay(number, connection, endpoint, outlet, session, steering, crowd, observer)
    if isinstance(outlet, ObservedOutlet):
        outlet.follow(client, session, None if venue is None else venue.feed.describe)
    return client


def _meet_with_faults(
    number: int,
    connection: ReplayConnection,
    endpoint: Endpoint,
    around: Surroundings,
    remark: Callable[[Remark], object],
    outlet: Outlet,
    faults: EndpointFaults,
) -> ClientReplay:
    """Return the replay to a client whose frames are hit."""
    _, crowd, steering, _, observer = around
    venue, session = endpoint.venue, None
    keep_binary(outlet)
    if venue is None:
        faulty, passing = session_of_every_frame(faults, outlet)
    else:
        faulty, passing = session_with_faults(venue, faults, outlet, remark, lambda: crowd.clients < 2)
        session = passing
    client = FaultyReplay(number, connection, endpoint, outlet, session, steering, crowd, observer)
    client.faulty, client.passing = faulty, passing
    if isinstance(outlet, ObservedOutlet):
        outlet.follow(client, None, None)
        faulty.tell = outlet.expect
    return client


def _restamping(endpoint: Endpoint, options: ReplayOptions) -> Restamping | None:
    """Return what moves the times in what one client gets; None if they stay."""
    fields = None if endpoint.venue is None or not options.restamp else time_fields_of(endpoint.venue.feed)
    return None if fields is None else Restamping(fields, endpoint.timing.clock)
