"""Lines that no file has been given yet stay in order, and a later file begins with a reading of the clocks."""

from __future__ import annotations

from feedrec.formats.file.growing.growing_file import Line
from feedrec.formats.file.growing.unwritten import Unwritten
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.line.steady_clock import Reading
from feedrec.model import Frame, FrameInfo

READING = Reading(1000, 5)


def line(time: int) -> Line:
    return encode_frame(Frame(time, 3, b"[]")), (time, 3, FrameInfo(), 0, True)


def clock(time: int, reading: Reading) -> Line:
    return encode_event(reading.event(time, 3)), (time, 3, None, 0, True)


def test_what_is_put_back_comes_first() -> None:
    todo = Unwritten()
    todo.add([line(1), line(2), line(3)])
    taken = todo.take(2)
    assert taken == [line(1), line(2)]
    todo.put_back(taken[1:])
    assert todo.lines == [line(2), line(3)]
    assert todo.text == sum(len(text) + 1 for text, _ in todo.lines)
    todo.clear()
    assert (todo.lines, todo.text) == ([], 0)


def test_an_event_stands_between_what_was_written_and_what_was_not() -> None:
    todo = Unwritten()
    todo.add([line(1), line(5)])
    assert todo.event("x", {})[1] == (1, 3, None, 0, True)
    todo.take(2)
    assert todo.event("x", {})[1] == (5, 3, None, 0, True)


def test_what_stands_beside_a_line_of_no_connection_is_of_the_first() -> None:
    todo = Unwritten()
    todo.add([clock(1000, READING), (b"", (1010, None, None, 0, True))])
    todo.take(1)
    assert todo.event("x", {})[1] == (1010, 0, None, 0, True)
    todo.put_clock_first()
    assert todo.lines[0] == (encode_event(Reading(1010, 15).event(1010, 0)), (1010, 0, None, 0, True))


def test_a_file_begins_with_the_latest_reading_unless_it_begins_with_one() -> None:
    todo = Unwritten()
    todo.add([line(1)])
    todo.put_clock_first()
    assert todo.lines == [line(1)]  # none is known
    todo.add([clock(1000, READING), line(1010), clock(1020, Reading(1020, 25))])
    todo.take(2)
    todo.put_clock_first()
    assert todo.lines[0] == clock(1010, Reading(1010, 15))
    todo.take(2)
    todo.put_clock_first()
    assert todo.lines == [clock(1020, Reading(1020, 25))]
