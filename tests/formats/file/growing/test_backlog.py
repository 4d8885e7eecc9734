"""What was handed over comes out in its order, and what is done between lines has its place among them."""

from __future__ import annotations

import functools

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.file.growing.backlog import Backlog
from feedrec.formats.file.growing.growing_file import Line
from feedrec.model import FrameInfo

LINE: Line = (b"{}", (0, 0, FrameInfo(), 2, True))


@given(st.lists(st.booleans()))
def test_what_is_done_between_lines_comes_after_those_before_it(are_lines: list[bool]) -> None:
    backlog, seen, done = Backlog(), list[object](), list[float]()

    def note(number: int, now: float) -> None:
        seen.append(number)
        done.append(now)

    for number, is_line in enumerate(are_lines):
        if is_line:
            backlog.add((str(number).encode(), LINE[1]), 1)
        else:
            backlog.do_here(functools.partial(note, number))
    while len(backlog):
        taken, between = backlog.take()
        seen += [int(one[0]) for one in taken if isinstance(one, tuple)]
        if between is not None:
            between(0.0)
    assert seen == list(range(len(are_lines)))
    assert len(done) == are_lines.count(False)


def test_sizes_and_frames_are_those_of_lines() -> None:
    backlog = Backlog()
    backlog.add(LINE, 3)
    backlog.do_here(lambda _: None)
    backlog.add((b"{}", (0, 0, None, 0, False)), 3)
    assert (backlog.size, backlog.frames, len(backlog)) == (6, 1, 3)
    backlog.take()
    assert (backlog.size_in, backlog.size_taken, backlog.size, backlog.frames) == (6, 3, 3, 0)
    backlog.clear()
    assert len(backlog) == 0


def test_what_is_done_first_comes_before_all() -> None:
    backlog = Backlog()
    backlog.add(LINE, 3)
    backlog.do_first(lambda _: None)
    assert backlog.take()[0] == []
    assert backlog.take()[0] == [LINE]
