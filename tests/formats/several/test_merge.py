"""Merging: every line once, in the order of time, file and line, however files are cut into blocks."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.codec import encode_frame
from feedrec.formats.line.fast_path import time_texts
from feedrec.formats.several import merge as merge_module
from feedrec.formats.several.merge import Batch, Merge, Source
from feedrec.model import Frame, format_time

START = 1_786_309_548_000_000_000

File = list[list[bytes]]
"""A file as its blocks of lines."""


def line_at(time: int, file: int, number: int) -> bytes:
    return encode_frame(Frame(START + time, 0, b'{"file":%d,"line":%d}' % (file, number)))


@st.composite
def file_sets(draw: st.DrawFn, *, longest: int = 12) -> list[File]:
    files: list[File] = []
    for file in range(draw(st.integers(1, 4))):
        times = draw(st.lists(st.integers(0, 20), max_size=longest))
        if draw(st.booleans()):
            times.sort()
        repeats = draw(st.sampled_from([1, 1, 400]))  # longer than a piece now and then
        lines = [line_at(time, file, number) for number, time in enumerate(t for t in times for _ in range(repeats))]
        cuts = sorted(draw(st.sets(st.integers(0, len(lines)), max_size=3)) | {0, len(lines)})
        files.append([lines[begin:end] for begin, end in itertools.pairwise(cuts)])
    return files


def blocks_of(file: File) -> Generator[list[bytes], None, None]:
    yield from file


def sources(files: Sequence[File]) -> list[Source]:
    firsts = [next((time_texts(block)[0] for block in file if block), b"") for file in files]
    return [
        Source(number, first, lambda file=file: blocks_of(file))  # type: ignore[misc]
        for number, (file, first) in enumerate(zip(files, firsts, strict=True))
    ]


def merged(files: Sequence[File], start: bytes | None = None) -> list[Batch]:
    return list(Merge(sources(files), start))


def all_of(batches: Sequence[Batch]) -> list[tuple[int, bytes]]:
    """Give every line with its position."""
    return [(batch.start + at, line) for batch in batches for at, line in enumerate(batch.lines)]


def sorted_stably(files: Sequence[File]) -> list[bytes]:
    """Give what merging means: the latest time up to a line counts as its time."""
    keyed = []
    for file in files:
        lines = list(itertools.chain.from_iterable(file))
        keyed += list(zip(itertools.accumulate(time_texts(lines), max), lines, strict=True))
    return [line for _, line in sorted(keyed, key=lambda pair: pair[0])]


@given(file_sets())
def test_merging_is_a_stable_sort_by_time(files: list[File]) -> None:
    batches = merged(files)
    assert all_of(batches) == list(enumerate(sorted_stably(files)))


@given(file_sets())
def test_each_line_comes_with_the_number_of_its_file(files: list[File]) -> None:
    for batch in merged(files):
        assert len(batch.files) == len(batch.lines)
        assert all(b'"file":%d' % file in line for file, line in zip(batch.files, batch.lines, strict=True))


@given(file_sets(), st.integers(-1, 21))
def test_a_start_leaves_out_lines_but_changes_no_position(files: list[File], start: int) -> None:
    """What is left is everything from the first line on that is at or after the start."""
    text = format_time(START + start).encode()
    everything = all_of(merged(files))
    expected = list(itertools.dropwhile(lambda item: time_texts([item[1]])[0] < text, everything))
    assert all_of(merged(files, text)) == expected


@given(file_sets(longest=4), file_sets(longest=4))
def test_the_order_does_not_depend_on_the_cutting_into_blocks(files: list[File], others: list[File]) -> None:
    whole = [[list(itertools.chain.from_iterable(file))] for file in files + others]
    cut = [[[line] for line in file[0]] for file in whole]
    assert all_of(merged([f for f in cut if f])) == all_of(merged([f for f in whole if f[0]]))


def test_files_that_follow_each_other_are_opened_one_after_another() -> None:
    opened: list[str] = []

    def logged(file: int, times: range) -> Generator[list[bytes], None, None]:
        opened.append(f"open {file}")
        yield [line_at(time, file, time) for time in times]
        opened.append(f"end {file}")

    def rotated(file: int) -> Source:
        times = range(file * 10, file * 10 + 10)
        return Source(file, format_time(START + times[0]).encode(), lambda: logged(file, times))

    assert len(all_of(list(Merge([rotated(file) for file in range(3)])))) == 30
    assert opened == ["open 0", "end 0", "open 1", "end 1", "open 2", "end 2"]


def test_what_can_be_given_is_given_before_a_file_is_read_on() -> None:
    """Reading on may mean waiting for a recorder."""
    waited_for: list[int] = []

    def growing(file: int) -> Generator[list[bytes], None, None]:
        yield [line_at(time, file, time) for time in range(10)]
        waited_for.append(file)
        yield [line_at(time, file, time) for time in range(10, 20)]

    first = format_time(START).encode()
    batches = Merge([Source(0, first, lambda: growing(0)), Source(1, first, lambda: growing(1))])
    assert len(next(batches).lines) == 19  # all but the last of file 1: that of file 0 may be followed by an equal
    assert waited_for == []
    batches.close()


def test_a_single_file_is_given_block_by_block_as_it_is() -> None:
    file = [[line_at(n, 0, n) for n in range(700)], [line_at(n, 0, n) for n in range(700, 702)]]
    batches = merged([file])
    assert [batch.lines for batch in batches] == file
    assert batches[0].lines is file[0]


def test_closing_closes_every_file() -> None:
    closed: list[int] = []

    def watched(file: int) -> Generator[list[bytes], None, None]:
        try:
            while True:
                yield [line_at(0, file, 0)]
        finally:
            closed.append(file)

    batches = Merge([Source(0, b"", lambda: watched(0)), Source(1, b"", lambda: watched(1))])
    next(batches)
    batches.close()
    assert sorted(closed) == [0, 1]


def test_others_may_run_between_pieces_of_work() -> None:
    pauses: list[None] = []
    file = [[line_at(0, 0, n) for n in range(2000)]]
    lines = sum(len(batch.lines) for batch in Merge(sources([file, file]), pause=lambda: pauses.append(None)))
    assert lines == 4000
    assert len(pauses) >= 4000 // merge_module._PIECE_LINES - 4
