"""The server half of a feed, for one connection."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from ...model import NANOSECONDS, Frame, FrameInfo
from ..base import Subscription
from ..passages import Passages
from .clock import VenueClock
from .handshake import Handshake, Refusal
from .keys import Key
from .replies import Close, Message, Reply

__all__ = ["SNAPSHOT_WAIT", "FeedServer"]

SNAPSHOT_WAIT = 5 * NANOSECONDS
"""Recorded nanoseconds within which a snapshot must come to be waited for; live, all came within 0.4 s."""


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

    def lacking(self, message: bytes) -> list[Subscription]:  # noqa: ARG002
        """Return what a message of the client asks for that is not in the catalogue, though the venue may have it."""
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

    def on_slow(self) -> list[Reply]:
        """Handle a client that reads too slowly to be sent any more, where a feed is served live."""
        return [Close(1008, "too slow")]

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
