"""The state that the frames before a place lead to, and the frames that tell it to whoever begins there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

import msgspec

from ....model import Describe, Frame, FrameInfo, FrameInfos

__all__ = ["GatheredState", "StartState"]


class StartState(Protocol):
    """The state that the frames before a cut lead to, by the feed's rules; it may have `apply_run`, too."""

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        """Take in a recorded frame."""

    def keys(self) -> Collection[tuple[str, str]]:
        """Return the channels and products for which there is a snapshot."""

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None:
        """Return that snapshot as of `time`; None if there is none."""


class GatheredState:
    """
    Takes in frames, and remembers on which connection there was what.

    Args:
        state: An empty state.

    """

    def __init__(self, state: StartState) -> None:
        self._state = state
        self._places: dict[tuple[str, str], tuple[int, int]] = {}

    def take(self, info: FrameInfo, file: int, conn: int, payload: bytes) -> None:
        """Take in a frame of a connection of a file."""
        for product in ("", *info.products):
            self._places[info.channel, product] = file, conn
        self._state.apply(info, payload)

    def take_all(self, frames: Sequence[Frame], infos: Sequence[FrameInfo], describe: Describe) -> None:
        """Take in frames of one file that follow each other: many at once, if the state can."""
        conns = [frame.conn for frame in frames]
        if isinstance(infos, FrameInfos):
            last = {infos.kinds[which]: conn for which, conn in dict(zip(infos.which, conns, strict=True)).items()}
        else:
            last = {msgspec.structs.replace(info, sequence=None): conn for info, conn in zip(infos, conns, strict=True)}
        for info, conn in last.items():
            for product in ("", *info.products):
                self._places[info.channel, product] = 0, conn
        apply_run = getattr(self._state, "apply_run", None)
        if apply_run is not None:
            apply_run([frame.payload for frame in frames], describe)
            return
        for info, frame in zip(infos, frames, strict=True):
            self._state.apply(info, frame.payload)

    def snapshots(self, time: int) -> Iterator[tuple[int, Frame]]:
        """Yield the state as of a time: the file of each snapshot, and the frame, of the connection that had it."""
        keys = self._state.keys()
        for channel, product in keys:
            payload = self._state.snapshot(channel, product, time)
            place = self._places.get((channel, product)) or self._places.get((channel, ""))
            if payload is not None and place is not None:
                yield place[0], Frame(time, place[1], payload, synthetic=True)
