"""
What a recorded frame costs in each stage of its way, by itself: frame by frame, and as the recorder does it, together.

The first is what the recorder does about whatever is odd, and what it did about every frame before it had the other.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import zstandard
from websockets.frames import Frame
from websockets.protocol import Protocol, Side

from feedrec.feeds import FeedClient, Subscription, find_feed, rule_of
from feedrec.formats.facts.index_builder import IndexBuilder
from feedrec.formats.line.codec import encode_header, encode_received
from feedrec.formats.line.frame_run import FrameRun, run_of
from feedrec.formats.stream.zstd_blocks import BLOCK_SIZE, DEFAULT_LEVEL
from feedrec.model import FrameInfo, Header
from feedrec.recorder.wire.frame_cutter import FrameCutter

from ..material import updates
from ..measuring import Row, compared, in_turn, measured
from .blaster import numbered

__all__ = ["rows"]

ROUNDS = 5
FRAMES = 50_000
TOGETHER = 400
"""Frames that the recorder works on at once."""

_READ = 1 << 16
_NOW = 1_790_000_000_000_000_000
_FEED = find_feed("coinbase-advanced")
_HEADER = encode_header(Header(_FEED.name, _FEED.url))


Stage = Callable[["_Material"], Callable[[], None]]
"""Makes what it needs, and returns its work."""


class _Material:
    """
    Frames, and what each stage makes of them for the next.

    Attributes:
        stream: The bytes of the socket.
        batches: Payloads, as many as are worked on at once.
        infos: What each of them is.
        runs: Their lines.
        count: The number of frames.

    """

    def __init__(self, count: int) -> None:
        payloads = updates()
        self.stream = b"".join(numbered(payloads, max(1, count // len(payloads))))
        cut = [payload for found in FrameCutter(None).feed(self.stream) if isinstance(found, list) for payload in found]
        self.batches = [cut[start : start + TOGETHER] for start in range(0, len(cut), TOGETHER)]
        self.infos = list(map(_FEED.describe_all, self.batches))
        self.runs = list(map(_run, self.infos, self.batches))
        self.count = len(cut)

    def columns(self) -> Iterator[tuple[Sequence[FrameInfo], list[bytes]]]:
        """Return what frames are, and their payloads, batch by batch."""
        return zip(self.infos, self.batches, strict=True)

    def frames(self) -> Iterator[tuple[FrameInfo, bytes]]:
        """Return the same, frame by frame."""
        return (frame for batch in self.columns() for frame in zip(*batch, strict=True))


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Measure the CPU time of each stage, in one thread."""
    del folder
    material = _Material(FRAMES // (10 if quick else 1))
    rounds = 1 if quick else ROUNDS
    total = [[0.0] * rounds, [0.0] * rounds]
    for what, stages in _STAGES.items():
        sides = in_turn(rounds, *(partial(_cost, stage, material) for stage in stages))
        yield (
            compared(f"{what}, one by one and together", "us", *sides)
            if len(sides) > 1
            else measured(what, "us", *sides)
        )
        for sums, side in zip(total, (sides[0], sides[-1]), strict=True):
            sums[:] = map(sum, zip(sums, side, strict=True))
    yield compared("all stages, one by one and together", "us", *total)


def _cost(stage: Stage, material: _Material) -> float:
    """Return the microseconds of CPU for each frame; what the stage needs is made before."""
    work = stage(material)
    started = time.process_time()
    work()
    return (time.process_time() - started) / material.count * 1e6


def _parsed(material: _Material) -> Callable[[], None]:
    protocol = Protocol(Side.CLIENT, max_size=None)

    def work() -> None:
        for start in range(0, len(material.stream), _READ):
            protocol.receive_data(material.stream[start : start + _READ])
            for event in protocol.events_received():
                assert isinstance(event, Frame)
                bytes(event.data)

    return work


def _cut(material: _Material) -> Callable[[], None]:
    cutter = FrameCutter(None)

    def work() -> None:
        for start in range(0, len(material.stream), _READ):
            for _ in cutter.feed(material.stream[start : start + _READ]):
                pass

    return work


def _calls(function: Callable[..., object], arguments: Iterable[tuple[Any, ...]]) -> Callable[[], None]:
    """Return what calls a function with each of these arguments, which are made now."""
    made = list(arguments)

    def work() -> None:
        for one in made:
            function(*one)

    return work


def _described(material: _Material) -> Callable[[], None]:
    return _calls(_FEED.describe, (frame[1:] for frame in material.frames()))


def _described_together(material: _Material) -> Callable[[], None]:
    return _calls(_FEED.describe_all, zip(material.batches))


def _client(material: _Material) -> FeedClient:
    client = _FEED.client([Subscription("level2", ("BTC-USD", "ETH-USD"))])
    client.on_open(_NOW)
    client.on_frame(material.infos[0][0], material.batches[0][0])  # which begins the count
    return client


def _followed(material: _Material) -> Callable[[], None]:
    return _calls(_client(material).on_frame, itertools.islice(material.frames(), 1, None))


def _passed(material: _Material) -> Callable[[], None]:
    others = _FEED.describe_all(material.batches[0][1:]), *material.infos[1:]
    return _calls(_client(material).passes, zip(others))


def _line(info: FrameInfo, payload: bytes) -> bytes:
    return encode_received(_NOW, 0, payload, binary=False, parses=info.parses)


def _run(infos: Sequence[FrameInfo], batch: list[bytes]) -> FrameRun:
    run = run_of(0, [(_NOW, batch)], infos)
    assert run is not None
    return run


def _lines(material: _Material) -> Callable[[], None]:
    return _calls(_line, material.frames())


def _runs(material: _Material) -> Callable[[], None]:
    return _calls(_run, zip(material.infos, material.batches, strict=True))


def _index() -> IndexBuilder:
    index = IndexBuilder()
    index.begin(_HEADER, rule_of(_FEED))
    return index


def _marked(material: _Material) -> Callable[[], None]:
    return _calls(_index().add, (tuple(zip(*run.lines(), strict=True)) for run in material.runs))


def _indexed(material: _Material) -> Callable[[], None]:
    return _calls(_index().add_run, zip(material.runs))


def _packed(material: _Material) -> Callable[[], None]:
    compressor = zstandard.ZstdCompressor(level=DEFAULT_LEVEL, write_checksum=True)
    text = b"".join(run.text for run in material.runs)
    blocks = (text[start : start + BLOCK_SIZE] for start in range(0, len(text), BLOCK_SIZE))
    return _calls(compressor.compress, zip(blocks))


_STAGES: dict[str, Sequence[Stage]] = {
    "receiving: payloads out of the bytes": (_parsed, _cut),
    "what it is": (_described, _described_together),
    "its place in the sequence": (_followed, _passed),
    "whether it can stand verbatim, and its line": (_lines, _runs),
    "the index and the summary": (_marked, _indexed),
    f"compression, level {DEFAULT_LEVEL}": (_packed,),
}
