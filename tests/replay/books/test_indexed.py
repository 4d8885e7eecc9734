"""By the index, few blocks are read; what is found is what reading everything finds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import venue_of
from feedrec.feeds.state.dumped_state import dump_rules
from feedrec.formats.checkpoints.making import make_checkpoints
from feedrec.formats.checkpoints.source import Spacing
from feedrec.formats.file.recording_file import RecordingFile
from feedrec.model import NANOSECONDS, Record
from feedrec.replay.books.indexed import Known, by_index
from feedrec.replay.books.read_through import ReadThrough
from feedrec.replay.books.sources import BookSource

from .making import START, beat, event, record, second, told


class Read:
    """Bytes of files that were read."""

    def __init__(self) -> None:
        self.count = 0


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    reading, found = RecordingFile.read_at, Read()

    def read_at(file: RecordingFile, offset: int, size: int) -> bytes:
        data = reading(file, offset, size)
        found.count += len(data)
        return data

    monkeypatch.setattr(RecordingFile, "read_at", read_at)
    monkeypatch.setattr("feedrec.formats.file.passes.line_pass._READ_SIZE", 1 << 12)  # what opening a file reads
    return found


def lasting(seconds: int, snapshots: Sequence[int], *more: Record) -> list[Record]:
    """Return a frame of the book each second, with 200 bytes that nothing can compress."""
    noise = random.Random(7)
    lines: list[Record] = []
    for n in range(seconds):
        frame = told(n, n, "snapshot" if n in snapshots else "update", f"b{n % 97}={n + 1} a{200 + n % 89}=1")
        payload = b'%b,"pad":"%b"}' % (frame.payload[:-1], noise.randbytes(200).hex().encode())
        lines.append(msgspec.structs.replace(frame, payload=payload))
    return sorted([*lines, *more], key=lambda one: one.time)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.jsonl.zst"


def cost(read: Read, path: Path, time: float) -> int:
    source = BookSource([path], "BTC-USD")
    before = read.count
    assert isinstance(by_index(source, second(time)), Known)
    return read.count - before


def test_what_lies_before_the_snapshot_and_after_the_moment_is_not_read(path: Path, read: Read) -> None:
    record(path, lasting(3000, [0, 2000]), block_size=10_000)
    assert cost(read, path, 2100) < path.stat().st_size / 3  # mostly of the index, which is large for so small blocks


def test_of_a_file_with_gaps_only_blocks_with_events_are_looked_at_in_between(path: Path, read: Read) -> None:
    lines = lasting(3000, [0, 1500], event(300.5, "gap", missing=1), event(1600.5, "pause"))
    record(path, lines, block_size=10_000)
    through = cost(read, path, 1700)
    assert through < path.stat().st_size / 2
    assert by_index(BookSource([path], None), second(400)) is None


def test_from_a_checkpoint_less_is_read_than_from_the_snapshot(path: Path, read: Read) -> None:
    record(path, lasting(3000, [0]), block_size=10_000)
    without = cost(read, path, 2900)
    rules = dump_rules(venue_of("coinbase-advanced"))
    assert rules is not None
    assert make_checkpoints(path, rules, spacing=lambda: Spacing(50_000, 0), least=1000)
    assert cost(read, path, 2900) < without / 2


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["snapshot", "update", "update", "update", "beat", "other", "gap", "reset", "crossed", "skip"]),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=30,
)


def scene(steps: Sequence[tuple[str, int]]) -> list[Record]:
    """Return a second each of what may happen on one connection."""
    lines: list[Record] = [event(0, "open")]
    sequence = 0
    for time, (what, choice) in enumerate(steps, start=1):
        if what in ("snapshot", "update"):
            lines.append(told(time, sequence, what, f"b{choice}={time} a{9 - choice}={choice}"))
        elif what == "other":
            lines.append(told(time, sequence, "snapshot", "b1=1 a2=2", "ETH-USD"))
        elif what == "beat":
            lines.append(beat(time, sequence))
        elif what != "skip":
            lines.append(event(time, what))
            continue
        sequence += 1
    return [*lines, event(len(steps) + 1, "close")]


@given(STEPS, st.integers(200, 2000))
def test_whatever_happens_it_is_what_reading_everything_finds(steps: list[tuple[str, int]], block_size: int) -> None:
    """With gaps that events tell of, and gaps that only the numbers show."""
    steps = [*steps, ("snapshot", 1)]
    with TemporaryDirectory() as folder:
        path = record(Path(folder) / "x.jsonl.zst", scene(steps), block_size=block_size)
        source = BookSource([path], "BTC-USD")
        through = ReadThrough(source, 0)
        for time in range(START, second(len(steps) + 3), NANOSECONDS):
            book, unknown, received, sequence = through.book_at(time)
            found = by_index(source, time)
            if found is None:
                continue
            if isinstance(found, Known):
                assert unknown is None
                assert book is not None
                mine = source.book_in([found.state])
                assert mine is not None
                assert (mine.bids, mine.asks) == (book.bids, book.asks)
                assert (found.received, found.sequence) == (received, sequence)
            else:
                assert found == unknown
        through.close()


def test_files_that_overlap_and_files_without_an_index_are_read_through(tmp_path: Path) -> None:
    one = record(tmp_path / "a.jsonl.zst", [told(1, 0, "snapshot", "b1=1"), told(5, 1, "update", "b1=2")])
    other = record(tmp_path / "b.jsonl.zst", [told(2, 0, "snapshot", "b1=1")], created=START + 1)
    cut = record(tmp_path / "c.jsonl.zst", [told(9, 0, "snapshot", "b1=1")], created=START + 2, is_cut=True)
    assert by_index(BookSource([one, other], None), second(5)) is None
    assert by_index(BookSource([one, cut], None), second(5)) is None
    assert by_index(BookSource([one], None), second(5)) is not None
