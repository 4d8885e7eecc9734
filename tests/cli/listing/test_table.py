"""Recordings as a table for people."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from feedrec.cli.listing.table import lines_of, total_lines
from feedrec.cli.terminal import printable
from feedrec.formats.catalogue.entry import ChannelEntry, Entry, State
from feedrec.formats.catalogue.folder_entries import FolderEntries
from feedrec.formats.catalogue.listing import Found
from feedrec.formats.places.protocol import StoredObject

FOLDER = Path("/recordings")
STATES: list[State] = ["finished", "no summary", "unfinished", "being written", "unreadable"]

names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=120)
numbers = st.integers(0, 10**7)
times = st.none() | st.integers(0, 10**19)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    state = draw(st.sampled_from(STATES))
    known = state == "finished"
    channels = st.lists(st.builds(ChannelEntry, names, st.none() | names, numbers, numbers), max_size=7)
    return Entry(
        draw(names),
        draw(numbers),
        "",
        1,
        state,
        problem=draw(names) if state == "unreadable" else "",
        endpoint=draw(names),
        begin=draw(times),
        first_time=draw(times) if known else None,
        last_time=draw(times) if known else None,
        frames=draw(numbers) if known else None,
        gaps=draw(st.integers(0, 9999)) if known else None,
        channels=draw(channels) if known else [],
    )


def listed(some: list[Entry]) -> FolderEntries:
    found = [Found(FOLDER / one.path, one.path, StoredObject(one.path, 1, "", 1)) for one in some]
    return FolderEntries(FOLDER, found, some, {}, 0)


@given(st.lists(entries(), max_size=4), st.sampled_from([80, 100, 133]))
def test_no_line_is_wider_than_the_terminal(some: list[Entry], width: int) -> None:
    """And none has a character in it that a terminal obeys, whatever files are called and say."""
    lines = [*lines_of(listed(some), width), *total_lines(some)]
    assert all(len(line) <= width for line in lines[: -len(total_lines(some))])
    assert all(line == printable(line) for line in lines)


@given(st.lists(entries(), max_size=4))
def test_where_there_is_no_terminal_each_name_is_whole(some: list[Entry]) -> None:
    lines = lines_of(listed(some), None)
    assert all(any(printable(one.path) in line for line in lines) for one in some)


def test_those_with_the_same_contents_stand_below_one_line() -> None:
    one = Entry("a", 1, "", 1, "finished", endpoint="e", frames=1, gaps=0, channels=[ChannelEntry("c", "p", 1, 1)])
    other = Entry("b", 1, "", 1, "finished", endpoint="e", frames=1, gaps=2, channels=[ChannelEntry("d", "p", 1, 1)])
    assert [line for line in lines_of(listed([one, one, other]), 80) if line.startswith("e")] == ["e  c  p", "e  d  p"]


def test_a_day_that_ends_later_is_told() -> None:
    night = Entry("a", 1, "", 1, "finished", first_time=0, last_time=86_400 * 10**9, frames=2, gaps=0)
    assert "1970-01-01 00:00:00  70-01-02" in lines_of(listed([night]), 80)[-1]
