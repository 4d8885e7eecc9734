"""Which of a client's channels get the recorded frames, given what was recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .channels import CHANNELS, SOURCES, TAKERS, described_name

__all__ = ["DESCRIBED", "NAMES", "Routes"]

NAMES = frozenset(channel.name for channel in CHANNELS)
"""The channels that can be subscribed."""

DESCRIBED = frozenset(map(described_name, NAMES))
"""The channels as which frames are described."""

_OWN = ("full", "matches")
"""What frames of `user` are described as if they do not name the user ("the same as full", Exchange channels page)."""


class Routes:
    """
    Leads frames, by the channel as which they are described, to the channels that clients subscribe.

    A frame does not tell all: those of `user` look like those of `full` if they name no user, and those of a channel
    that feedrec does not know may look like any. So frames that no known channel accounts for, of all that the recorder
    asked for, are theirs.

    Args:
        requested: The channels that the recorder asked for; empty if that is not known.

    Attributes:
        takers: Channels that clients subscribe, by the channel as which frames are described.

    """

    def __init__(self, requested: Collection[str] = ()) -> None:
        unknown = tuple(sorted(set(requested) - NAMES))
        self.takers: Mapping[str, tuple[str, ...]] = {name: TAKERS.get(name, (name,)) for name in DESCRIBED}
        self._strays: dict[str, tuple[str, ...]] = {}
        for name, takers in self.takers.items():
            if requested and not set(takers).intersection(requested):
                own = ("user",) if name in _OWN and "user" in requested else ()
                if own or unknown:
                    self._strays[name] = (*own, *unknown)
        self.takers |= self._strays
        self._sources = {channel: self._find_sources(channel) for channel in (*NAMES, *DESCRIBED, *unknown)}

    def sources(self, channel: str) -> list[str]:
        """Return the channels of a catalogue that serve a channel that a client subscribes."""
        return self._sources.get(channel, [channel])

    def _find_sources(self, channel: str) -> list[str]:
        known = [one for one in SOURCES.get(channel, (channel,)) if channel in self._strays.get(one, (channel,))]
        return [*known, *(one for one, takers in self._strays.items() if channel in takers and one not in known)]
