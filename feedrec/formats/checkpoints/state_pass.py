"""The state of a market as it is gathered from the files of a recording, one after another."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import NamedTuple

from ...model import Frame, FrameInfo
from ..file.opening import open_recording
from ..file.recording import DecodedBatch
from .chain import ChainedFile, Start
from .source import Key, StateRules, keys_of

__all__ = ["Place", "StatePass"]

_SNAPSHOT = "snapshot"


class Place(NamedTuple):
    """
    A place in a file.

    Attributes:
        lines: Lines of the file before it.
        time: A wall time: all lines before it are before the place.
        text: Bytes of text since the place before.
        is_in_last: Whether the file is the last of those that are read.

    """

    lines: int
    time: int
    text: int
    is_in_last: bool


class StatePass:
    """
    Reads files, and keeps the state that they lead to.

    Args:
        start: What to read.
        rules: By which rules.

    """

    def __init__(self, start: Start, rules: StateRules) -> None:
        self._start = start
        self._rules = rules
        self._state = rules.make(keys_of(rules, [file.index for file in start.files]))
        self._since: dict[Key, int] = {}

    def places(self, further: Collection[int] = ()) -> Iterator[Place]:
        """
        Read everything; yield the end of each block when it was read.

        Args:
            further: Further places in the last file to stop at, by the number of lines before them.

        Raises:
            RecordingError: If a file is damaged.
            ValueError, OSError: If the checkpoint at which it begins cannot be taken.

        """
        skipped = self._load()
        for file in self._start.files:
            is_last = file is self._start.files[-1]
            yield from self._read(file, skipped, further if is_last else (), is_in_last=is_last)
            skipped = 0
            self._since = {key: since + 1 for key, since in self._since.items()}

    def states(self) -> dict[Key, tuple[bytes, int]]:
        """Return the present state of each channel and product, and how many files back its snapshot is."""
        if self._state is None:
            return {}
        found = {key: (self._state.dump(*key), since) for key, since in self._since.items()}
        return {key: (state, since) for key, (state, since) in found.items() if state is not None}

    def _load(self) -> int:
        """Begin at the checkpoint, if there is one; return the number of lines before it."""
        state, checkpoint = self._start.state, self._start.checkpoint
        if self._state is None or state is None or checkpoint is None:
            return 0
        for blob in checkpoint.blobs:
            self._state.load(blob.channel, blob.product, state.read(blob))
            self._since[blob.channel, blob.product] = blob.since
        return checkpoint.lines

    def _read(self, file: ChainedFile, skipped: int, further: Collection[int], *, is_in_last: bool) -> Iterator[Place]:
        places = places_of(file, further, is_in_last=is_in_last)
        with open_recording(file.path) as recording:
            done = recording.seek(_time_after(places, skipped)) if skipped else 0
            stops = {place.lines: place for place in places if place.lines > skipped}
            for batch in recording.decoded_batches(describe=self._rules.describe):
                begin, done = done, done + len(batch.lines)
                within = [number for number in stops if begin < number < done]
                for first, last in pairwise([max(begin, skipped), *within, done]):
                    if last > skipped:
                        self._apply(*_frames_between(batch, first - begin, last - begin))
                        if (place := stops.pop(last, None)) is not None:
                            yield place

    def _apply(self, frames: list[Frame], infos: list[FrameInfo]) -> None:
        channels, state = self._rules.channels, self._state
        if state is None:
            return
        for frame, info in zip(frames, infos, strict=True):
            if info.channel in channels:
                state.apply(info, frame.payload)
                if info.kind == _SNAPSHOT:
                    self._since.update(((info.channel, product), 0) for product in info.products)


def places_of(file: ChainedFile, further: Collection[int] = (), *, is_in_last: bool = True) -> list[Place]:
    """Return the places at the end of each block of a file, and further ones within, of which nothing else is known."""
    lines = time = text = 0
    places = []
    rest = sorted(further)
    for block in file.index.blocks:
        lines += block.lines
        text += block.text
        while rest and rest[0] < lines:
            places.append(Place(rest.pop(0), time, 0, is_in_last))
        if rest and rest[0] == lines:
            rest.pop(0)
        time = max(time, block.last or 0)
        if block.lines:
            places.append(Place(lines, time, text, is_in_last))
            text = 0
    return places


def _time_after(places: list[Place], lines: int) -> int:
    """Return a time up to which a file can be skipped if so many lines are not needed."""
    return next((place.time for place in reversed(places) if place.lines <= lines), 0)


def _frames_between(batch: DecodedBatch, first: int, last: int) -> tuple[list[Frame], list[FrameInfo]]:
    """Return the frames among some lines of a batch, by the numbers of these, and their descriptions."""
    begin, end = (
        line - sum(place + number < line for number, place in enumerate(batch.places)) for line in (first, last)
    )
    return batch.frames[begin:end], batch.infos[begin:end]
