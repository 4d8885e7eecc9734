"""
What the server half of a feed provides: the part that answers a client as the venue would.

It is pure, like all of a feed. The replay tells it what the client says and what was recorded, and sends what comes
back. Times are recorded times in nanoseconds: the venue lives in the past.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from ..model import NANOSECONDS, TIME_LIMIT, Frame, FrameInfo
from .auth import Auth
from .base import Feed
from .passages import Passages

__all__ = [
    "SNAPSHOT_WAIT",
    "Catalogue",
    "Close",
    "FeedServer",
    "FeedState",
    "Handshake",
    "Key",
    "Message",
    "Pieces",
    "Refusal",
    "Remark",
    "Reply",
    "Sample",
    "Send",
    "Setting",
    "VenueClock",
    "VenueFeed",
    "Visitors",
]

SNAPSHOT_WAIT = 5 * NANOSECONDS
"""Recorded nanoseconds within which a snapshot must come to be waited for; live, all came within 0.4 s."""

Key = tuple[str, str]
"""A channel and a product of it; the product is empty where the channel has none."""

Catalogue = Mapping[str, Collection[str]]
"""What the recordings hold: products by channel."""


class Pieces:
    """
    A message in pieces: to join 5 MB for the sake of a few bytes among them takes the event loop milliseconds.

    Attributes:
        pieces: What it consists of, in order.

    """

    def __init__(self, *pieces: bytes | memoryview) -> None:
        self.pieces = pieces
        self._size = sum(map(len, pieces))

    def __len__(self) -> int:
        """Return how many bytes it has."""
        return self._size

    def __bytes__(self) -> bytes:
        """Return it as a whole."""
        return b"".join(self.pieces)


Message = bytes | Pieces
"""A text message."""


class Send(msgspec.Struct, frozen=True):
    """Send a text message."""

    payload: Message


class Close(msgspec.Struct, frozen=True):
    """Close the connection, after what was sent before."""

    code: int
    reason: str = ""


class Remark(msgspec.Struct, frozen=True):
    """
    Tell the person who runs the replay about a client.

    Attributes:
        text: What it does; its number comes before it.
        is_fault: Whether what it asked for cannot be had, for which `--strict` ends with an error.

    """

    text: str
    is_fault: bool = True


Reply = Send | Close | Remark


class Visitors:
    """
    What a venue counts over all its connections, of which each has its own server half.

    This one counts nothing, and nothing is too much for it; a replay gives one that does.
    """

    def come(self, who: str | None) -> int:  # noqa: ARG002
        """Count a connection; return how many `who` has with it."""
        return 1

    def leave(self, who: str | None) -> None:  # noqa: ARG002
        """Count a connection no longer."""
        return

    def may(self, who: str, what: str, per_second: float, at_once: float = 0.0) -> bool:  # noqa: ARG002
        """
        Tell whether a visitor may do something once more, and count it if so.

        Args:
            who: The visitor, mostly an address.
            what: What is limited.
            per_second: How often in a second of real time.
            at_once: How often at once; 0 for as often as in a second.

        """
        return True


class Handshake(msgspec.Struct, frozen=True):
    """
    What a client asked for when it connected.

    Attributes:
        target: Path and query.
        headers: By name in lower case.
        address: Where it came from, without the port; empty if that is unknown.
        visitors: What the venue counts over all its connections.

    """

    target: str
    headers: Mapping[str, str]
    address: str = ""
    visitors: Visitors = msgspec.field(default_factory=Visitors)


class Refusal(msgspec.Struct, frozen=True):
    """Answer a handshake with an HTTP status from 400 on, and a line of text; there will be no WebSocket."""

    status: int
    text: str


class Setting(msgspec.Struct, frozen=True):
    """
    Something of a venue that the person who runs a replay can set.

    Attributes:
        name: Its name.
        default: What it is otherwise, as it is written.
        meaning: What it means, for people.

    """

    name: str
    default: str
    meaning: str


class Sample(msgspec.Struct, frozen=True):
    """
    How recordings begin, from which it is seen what frames look like that are made for a client.

    Attributes:
        payloads: Their first received frames, a hundred of each.
        requested: What their recorders asked for and the venue did not refuse: products by channel.
        is_sparse: Whether frames of a connection were left out on purpose, so that holes in its numbers are no gaps.

    """

    payloads: Sequence[bytes] = ()
    requested: Catalogue = {}
    is_sparse: bool = False


class VenueClock:
    """
    The clock of the venue as the recordings show it: what is made for a client is stamped with it.

    Args:
        ahead: Nanoseconds by which it is ahead of the recorder's clock; an attribute, too.
        limit: Returns, at a recorded time, the time that the next frame names, than which no stamp may be later.

    """

    def __init__(self, ahead: int = 0, limit: Callable[[int], int | None] = lambda time: None) -> None:  # noqa: ARG005
        self.ahead = ahead
        self._limit = limit

    def at(self, time: int) -> int:
        """Return what to stamp a frame with that is made at a recorded time."""
        limit = self._limit(time)
        return self.shown(time if limit is None else min(time, limit - self.ahead))

    def shown(self, time: int) -> int:
        """Return what this clock showed at a recorded time, whatever frames name: a last trade may be hours old."""
        return _as_time(time + self.ahead)

    def last_second(self, time: int) -> int:
        """Return the whole second that this clock showed last at a recorded time, whatever was recorded then."""
        return self.shown(time) // NANOSECONDS * NANOSECONDS

    def next_second(self, time: int) -> int:
        """Return the recorded time after `time` at which this clock is next at a whole second."""
        return ((time + self.ahead) // NANOSECONDS + 1) * NANOSECONDS - self.ahead


def _as_time(nanoseconds: int) -> int:
    return min(max(nanoseconds, 0), TIME_LIMIT - NANOSECONDS)


class FeedState(Protocol):
    """What the venue would send to a client that subscribes now; `feedrec.feeds.state` has what most are made of."""

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        """Take in a recorded frame; one that is not wanted or not understood changes nothing."""

    def keys(self) -> Collection[Key]:
        """Return the keys for which there is a snapshot."""

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None:
        """Return the message that a new subscriber gets first, as of `time`; None if there is none. Change nothing."""

    def copy(self) -> FeedState:
        """Return an independent copy."""


class VenueFeed(Feed, Protocol):
    """
    A feed with a server half.

    Attributes:
        settings: What `server` takes as settings, for people; besides these there are those of every venue.
        close_reasons: The reasons that the venue gives with close codes.
        last_tells: Channels without products of which the last frame tells all that the state knows of them.

    """

    settings: Sequence[Setting] = ()
    close_reasons: Mapping[int, str] = {}
    last_tells: Collection[str] = ()

    def server(self, catalogue: Catalogue, settings: Mapping[str, str], auth: Auth) -> FeedServer:
        """
        Make the server half for a new connection.

        Args:
            catalogue: What the recordings hold.
            settings: What is not known about the venue, by name.
            auth: What a client must prove where the venue demands credentials.

        Raises:
            UsageError: If a setting is unknown or invalid.

        """

    def as_recorded(self, sample: Sample) -> VenueFeed:  # noqa: ARG002
        """Return the feed whose server halves make frames as those of the recordings are; this one if that is it."""
        return self

    def own_time(self, payload: bytes) -> int | None:  # noqa: ARG002
        """Return the time that a frame names as that of its sending, by the venue's clock; None if it names none."""
        return None

    def state(self, wanted: Collection[Key] | None) -> FeedState | None:
        """
        Return an empty state that will keep what is wanted, everything if that is None.

        A replay may rebuild it in another process: it depends on the frames alone.

        Returns:
            None if no subscription to any of it begins with a snapshot.

        """


class FeedServer(Passages, Protocol):
    """
    The server half of a feed, for one connection.

    The methods here are what a class inherits: every frame goes to every client, and nothing is answered.

    Attributes:
        subscribe_within: Seconds after the opening within which a client must subscribe; None for any time.
        next_due: The next recorded time at which there is something to send though nothing was recorded; None if never.
        clock: What to stamp frames with that are made here; the replay sets it before anything else.
        deadline: The recorded time at which the venue acts if nothing changes until then, as on silence; None if never.
        subscribed: What the client has subscribed, for people: products by channel, `""` for all of a channel.

    """

    subscribed: Mapping[str, Collection[str]] = {}
    subscribe_within: float | None = None
    next_due: int | None = None
    clock: VenueClock = VenueClock()
    deadline: int | None = None

    @property
    def wanted(self) -> frozenset[Key]:
        """What was subscribed and waits for `on_state`."""
        return frozenset()

    @property
    def awaited(self) -> frozenset[Key]:
        """What of `wanted` it would wait for, if a snapshot was recorded soon after; see `on_coming`."""
        return frozenset()

    @property
    def has_subscribed(self) -> bool:
        """Whether a subscription was ever accepted."""
        return True

    def has_subscribed_to(self, keys: Iterable[Key]) -> bool:  # noqa: ARG002
        """
        Tell whether the client surely has subscribed all of these, so that a replay need not wait for more.

        Args:
            keys: Channels, as they are subscribed or as frames are described, and products, `""` for any.

        """
        return False

    def on_handshake(self, handshake: Handshake) -> Refusal | None:  # noqa: ARG002
        """Decide whether a client may connect at all; None if it may. A server half that decides hears nothing else."""
        return None

    def on_open(self, handshake: Handshake, time: int) -> list[Reply]:  # noqa: ARG002
        """Take a new client, at recorded time `time`."""
        return []

    def on_message(self, message: bytes, time: int) -> list[Reply]:  # noqa: ARG002
        """Take a text message of the client, at recorded time `time`."""
        return []

    def on_coming(self, coming: Collection[Key]) -> None:  # noqa: ARG002
        """
        Take, before `on_state`, what is `awaited` and comes as a recorded snapshot within `SNAPSHOT_WAIT`.

        All else does not come, as far as the recordings show, or has no need to: nothing may wait for it.
        """
        return

    def on_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> list[Reply]:  # noqa: ARG002
        """Take snapshots as of `time`, None where there is none yet; their keys are no longer `wanted`."""
        return []

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[Message]:  # noqa: ARG002
        """Take the next recorded frame of the venue; return the text messages to send for it."""
        return (frame.payload,) if frame.direction == "in" else ()

    def on_due(self, time: int) -> Sequence[bytes]:  # noqa: ARG002
        """Return what is to be sent at `next_due`."""
        return ()

    def on_deadline(self, time: int) -> list[Reply]:  # noqa: ARG002
        """Act at `deadline`, which must have changed afterwards, unless the connection is closed."""
        return []

    def on_clock_set(self, by: int) -> None:  # noqa: ARG002
        """Handle the recorder's wall clock having been set by so many nanoseconds: later times have it."""
        return

    def on_silence(self) -> list[Reply]:
        """Handle a client that did not subscribe in time."""
        return []

    def on_close(self) -> None:
        """Handle the end of a connection that was opened, whoever closed it."""
        return

    def on_restart(self) -> None:
        """Handle the recordings beginning again: what is subscribed is `wanted` once more."""
        return

    def on_end(self, time: int) -> list[Reply]:  # noqa: ARG002
        """
        Handle the end of the recordings: `on_frame` is not called again, unless `on_restart` is before.

        The client may stay, and time goes on: it can say more, and what it gets at `next_due` is sent.
        """
        return []
