"""Order books as a person, JSON and CSV have them."""

from __future__ import annotations

import csv
import io
import itertools

import pytest

from feedrec.cli.inspecting.books import as_dict, csv_rows, moment_lines, table
from feedrec.cli.terminal import printable
from feedrec.model import NANOSECONDS, parse_time
from feedrec.replay import BookAt
from feedrec.replay.books import Unknown

TIME = parse_time("2026-11-21T17:00:00.5Z")
BOOK = BookAt(
    "BTC-USD",
    TIME,
    [("99.5", "0.25"), ("98", "10")],
    [("100", "1"), ("100.25", "0.125"), ("101", "3")],
    7,
    3,
    TIME - 1,
    "2026-11-21T17:00:00.4Z",
    12,
)
UNKNOWN = BookAt("BTC-USD", TIME, unknown=Unknown("gap", TIME - NANOSECONDS))


def test_both_sides_stand_beside_each_other_with_their_points_below_each_other() -> None:
    assert table(BOOK, "coinbase-advanced", 80) == [
        "BTC-USD  coinbase-advanced  2026-11-21T17:00:00.500000000Z",
        "mid 99.75  spread 0.5 (50.1 bp)",
        "last frame 17:00:00.499999999Z  venue 2026-11-21T17:00:00.4Z  number 12",
        "",
        "  sum   size  price |  price   size    sum",
        " 0.25   0.25   99.5 | 100     1      1",
        "10.25  10      98   | 100.25  0.125  1.125",
        "                    | 101     3      4.125",
        "7 bids, 3 asks in all",
    ]


def test_sums_are_left_out_where_there_is_no_room() -> None:
    assert "sum" in table(BOOK, "x", 43)[4]
    assert table(BOOK, "x", 41)[4].split() == ["size", "price", "|", "price", "size"]


def test_what_is_not_known_is_one_line() -> None:
    assert table(UNKNOWN, "x", 80)[1:] == [
        "the book is not known from 2026-11-21T16:59:59.500000000Z on: frames are missing"
    ]
    with_last = BookAt("BTC-USD", TIME, received=TIME - 1, sequence=9, unknown=UNKNOWN.unknown)
    assert table(with_last, "x", 80)[2:] == ["last frame 17:00:00.499999999Z  number 9"]
    before = BookAt("BTC-USD", TIME, unknown=Unknown("no snapshot"))
    assert table(before, "x", 80)[1:] == ["the book is not known: there is no snapshot before"]


def test_a_crossed_book_and_an_empty_side_are_told() -> None:
    crossed = BookAt("X", TIME, [("2", "1")], [("1", "1")], 1, 1)
    assert "crossed: the best bid is not below the best ask" in table(crossed, "x", 80)
    assert "one side is empty" in table(BookAt("X", TIME, [("2", "1")], [], 1, 0), "x", 80)
    assert list(moment_lines([BookAt("X", TIME, [], [("2", "1")], 0, 1)]))[1].split() == [
        "17:00:00.500",
        "-",
        "1@2",
        "-",
        "-/1",
    ]


def test_json_has_texts_as_the_venue_wrote_them() -> None:
    facts = as_dict(BOOK)
    assert facts["bids"] == [("99.5", "0.25"), ("98", "10")]
    assert (facts["known"], facts["reason"], facts["unknown_since"], facts["crossed"]) == (True, None, None, False)
    assert (facts["time"], facts["received"]) == ("2026-11-21T17:00:00.500000000Z", "2026-11-21T17:00:00.499999999Z")
    told = as_dict(UNKNOWN)
    assert (told["known"], told["reason"], told["unknown_since"]) == (False, "gap", "2026-11-21T16:59:59.500000000Z")
    assert (told["bids"], told["received"], told["venue_time"]) == ([], None, None)


def test_csv_has_a_row_for_each_level_and_one_for_what_is_not_known() -> None:
    lines = list(itertools.chain.from_iterable(csv_rows([BOOK, UNKNOWN], with_time=True)))
    rows = list(csv.reader(io.StringIO("\n".join(lines))))
    assert rows[0] == ["time", "side", "price", "size"]
    assert rows[1] == ["2026-11-21T17:00:00.500000000Z", "bid", "99.5", "0.25"]
    assert [row[1] for row in rows[1:]] == ["bid", "bid", "ask", "ask", "ask", "unknown"]
    assert list(itertools.chain.from_iterable(csv_rows([UNKNOWN], with_time=False))) == ["side,price,size", "unknown,,"]


def test_a_series_has_a_line_for_each_moment_and_the_day_where_it_begins() -> None:
    later = BookAt("BTC-USD", TIME + 86_400 * NANOSECONDS, unknown=Unknown("no snapshot"))
    assert [" ".join(line.split()) for line in moment_lines([BOOK, later])] == [
        "2026-11-21 UTC bid ask spread sums",
        "17:00:00.500 0.25@99.5 1@100 0.5 10.25/4.125",
        "2026-11-22 UTC bid ask spread sums",
        "17:00:00.500 not known: there is no snapshot before",
    ]


@pytest.mark.parametrize(
    "reason", ["gap", "reset", "crossed", "resync", "lost", "damage", "close", "end", "part missing"]
)
def test_a_moment_at_which_it_is_not_known_fits_a_terminal(reason: str) -> None:
    """With the time of day from when on, or the day if that is another one."""
    times = [TIME - NANOSECONDS, TIME - 86_400 * NANOSECONDS]
    lines = list(moment_lines([BookAt("X", TIME, unknown=Unknown(reason, time)) for time in times]))
    assert lines[1].startswith("17:00:00.500 not known since 16:59:59.500: ")
    assert lines[2].startswith("17:00:00.500 not known since 2026-11-20 17:00:00: ")
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("size", ["1e999999999", "nan", "inf", "-inf", "1e-400", "\uff19"])
def test_whatever_a_venue_takes_for_a_number_is_shown_in_few_characters(size: str) -> None:
    odd = BookAt("X", TIME, [("1", size), ("0.5", "-inf"), ("0.25", "inf")], [("2", "1")], 3, 1)
    assert max(map(len, table(odd, "x", 80))) < 200
    assert max(map(len, moment_lines([odd]))) < 200


def test_nothing_that_controls_a_terminal_gets_through() -> None:
    odd = BookAt("A\x1b[2J", TIME, [("1\n", "2\x1b")], [("3\r", "4")], 1, 1, venue_time="\x1b]0;x\x07")
    lines = [
        printable(line)
        for line in [
            *table(odd, "x", 80),
            *moment_lines([odd]),
            *next(itertools.islice(csv_rows([odd], with_time=True), 1, 2)),
        ]
    ]
    assert all(line.isprintable() for line in lines)
