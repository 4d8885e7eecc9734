"""The state of a market as it is gathered from the files of a recording, one after another."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from itertools import compress
from typing import NamedTuple, NoReturn

from ...errors import LineError, RecordingError
from ..facts.repeats import Overlaps
from ..file.opening import open_recording
from ..file.recording import Recording
from ..line.fast_path import ReceivedFrames
from ..line.index import IndexedBlock
from ..line.line_search import lines_with
from .chain import ChainedFile, Start
from .source import Key, StateRules, keys_of

__all__ = ["Place", "StatePass"]

_UNKNOWN = ""  # the channel of frames about which nothing was known when the index was written


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
        keys = keys_of(rules, [file.index for file in start.files])
        self._state = rules.make(keys)
        self._looks = rules.looks(keys)
        self._channels = {*rules.channels, _UNKNOWN}
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
        """Read a file from a line on; yield places."""
        places = deque(place for place in places_of(file, further, is_in_last=is_in_last) if place.lines > skipped)
        received, done = ReceivedFrames(), 0
        overlaps = Overlaps(file.index).reading(self._rules.describe)
        with open_recording(file.path) as recording:
            for number, block in enumerate(file.index.blocks):
                begin, done = done, done + block.lines
                if done <= skipped:
                    continue
                lines = self._lines_of(recording, block) if self._may_have(block) else []
                first = max(begin, skipped)
                while places and places[0].lines <= done:
                    place = places.popleft()
                    some = self._possible(lines[first - begin : place.lines - begin])
                    try:
                        if overlaps is not None:
                            some = list(compress(some, overlaps.counts(number, some)))
                        self._apply(received.payloads(some, texts_only=True))
                    except LineError:
                        _raise_damage(recording)
                    self._note_snapshots(block, first - begin, place.lines - begin)
                    first = place.lines
                    yield place

    def _may_have(self, block: IndexedBlock) -> bool:
        """Return whether a block may have frames of what is written down."""
        return any(not self._channels.isdisjoint(channels) for channels in block.frames.values())

    def _lines_of(self, recording: Recording, block: IndexedBlock) -> list[bytes]:
        text = recording.block_text(block)
        if text is None:
            _raise_damage(recording)
        return text.split(b"\n")[:-1]

    def _possible(self, lines: list[bytes]) -> list[bytes]:
        return lines_with(b"\n".join([*lines, b""]), self._looks) if lines else []

    def _apply(self, payloads: list[bytes]) -> None:
        """Take in frames; a state that takes many at once is faster so."""
        state, describe = self._state, self._rules.describe
        if state is None:
            return
        apply_run = getattr(state, "apply_run", None)
        if apply_run is not None:
            apply_run(payloads, describe)
            return
        for payload in payloads:
            info = describe(payload)
            if info.channel in self._channels:
                state.apply(info, payload)

    def _note_snapshots(self, block: IndexedBlock, first: int, last: int) -> None:
        """Note which books begin anew between two lines of a block."""
        for place in block.snapshots:
            if first <= place.line < last and place.channel in self._channels:
                self._since.update(((place.channel, product), 0) for product in place.products)


def _raise_damage(recording: Recording) -> NoReturn:
    """Report what is wrong in a recording, which reading it from its beginning finds."""
    for _ in recording:
        pass
    raise RecordingError(recording.path, "is not what its index says")


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
