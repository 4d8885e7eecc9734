"""A reconnect takes the place of a connection that was lost; connections side by side are none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats import create_recording, open_recording
from feedrec.formats.facts.facts_builder import FactsBuilder
from feedrec.formats.tools.reconnects import Span, reconnects_by_run, spans_of
from feedrec.formats.tools.summary import Activity, RecordingSummary, combine, summarise
from feedrec.model import Event, Frame, Header, Record, describe_nothing

RUN = Header("raw", "ws://venue.example", 7)


def seen_in(records: Sequence[Record], tmp_path: Path, *, goes_on: bool = False) -> list[Span]:
    writer = create_recording(tmp_path / "a.jsonl", RUN, overwrite=True)
    for record in records:
        writer.write(record)
    with open_recording(writer.finish()) as recording:
        builder = FactsBuilder(RUN, recording.header_line)
        for batch in recording.decoded_batches(describe=describe_nothing):
            builder.take_decoded(batch.frames, batch.infos, batch.others, batch.places)
    return spans_of(builder.finish(), stays_open=goes_on)


def reconnects(*files: Sequence[Span], headers: Sequence[Header] = ()) -> list[int]:
    """Return when there were reconnects in files of one run, or of several."""
    by_run = reconnects_by_run(zip(headers or [RUN] * len(files), files, strict=True))
    return sorted(time for times in by_run.values() for time in times)


def opened(time: int, conn: int) -> Event:
    return Event(time, conn, "open")


def closed(time: int, conn: int) -> Event:
    return Event(time, conn, "close")


def opened_for(time: int, conn: int, replaces: int) -> Event:
    return Event(time, conn, "open", {"replaces": replaces})


def replaced(time: int, conn: int, by: int) -> Event:
    return Event(time, conn, "replaced", {"by": by, "reason": "its age"})


def frame(time: int, conn: int) -> Frame:
    return Frame(time, conn, b"{}")


SIDE_BY_SIDE: list[Record] = [
    *(opened(conn, conn) for conn in range(4)),
    *(frame(10 + conn, conn) for conn in range(4)),
]


def test_connections_opened_together_are_no_reconnects(tmp_path: Path) -> None:
    assert reconnects(seen_in([*SIDE_BY_SIDE, *(closed(20, conn) for conn in range(4))], tmp_path)) == []


def test_one_that_is_opened_after_another_was_closed_is_a_reconnect(tmp_path: Path) -> None:
    """Whether the others are quiet then or not."""
    assert reconnects(seen_in([*SIDE_BY_SIDE, closed(20, 2), opened(21, 4), frame(22, 4)], tmp_path)) == [21]


def test_without_close_events_a_connection_is_open_as_long_as_it_is_seen(tmp_path: Path) -> None:
    """A tool that writes none of them, or a file that lost them."""
    assert reconnects(seen_in([opened(1, 0), frame(2, 0), opened(3, 1), frame(4, 1)], tmp_path)) == [3]
    assert reconnects(seen_in([opened(1, 0), opened(1, 1), frame(2, 0), frame(2, 1)], tmp_path)) == []


def test_one_number_may_be_opened_again(tmp_path: Path) -> None:
    """In a file in which every connection has the number 0."""
    assert reconnects(seen_in([opened(1, 0), frame(2, 0), closed(3, 0), opened(4, 0)], tmp_path)) == [4]


def test_a_clock_that_was_set_back_changes_nothing(tmp_path: Path) -> None:
    records: list[Record] = [opened(9, 0), frame(10, 0), closed(11, 0), Event(2, 0, "clock"), opened(3, 1), frame(4, 1)]
    assert reconnects(seen_in(records, tmp_path)) == [11]  # steady time


@pytest.mark.parametrize("cut", range(1, 11))
def test_a_rotation_changes_nothing_wherever_it_cuts(tmp_path: Path, cut: int) -> None:
    """Neither the file that lacks the openings, nor the order in which the files are given."""
    records = [*SIDE_BY_SIDE, closed(20, 2), opened(21, 4), frame(22, 4), frame(23, 0)]
    first, second = (seen_in(part, tmp_path) for part in (records[:cut], records[cut:]))
    assert reconnects(first, second) == reconnects(second, first) == [21]


def test_recordings_that_are_not_of_one_run_share_no_connections(tmp_path: Path) -> None:
    spans = seen_in([opened(1, 0), frame(2, 0)], tmp_path)
    other = Header("raw", "ws://venue.example", 8)
    assert reconnects(spans, spans, headers=[RUN, other]) == []
    assert reconnects(spans, spans, headers=[Header("raw"), Header("raw")]) == []  # nobody knows of which run


@pytest.mark.parametrize("is_closed", [True, False])
def test_where_a_run_goes_on_or_was_cut_short_quiet_connections_stay_open(tmp_path: Path, *, is_closed: bool) -> None:
    """They are opened one after another, and the file ends before all of them have said something."""
    header = Header("raw", "ws://venue.example", 7, extra={"part": 1} if is_closed else {})
    writer = create_recording(tmp_path / "a.jsonl.zst", header)
    for record in (opened(1, 0), opened(2, 1), frame(3, 0), opened(4, 2), opened(5, 3)):
        writer.write(record)
    if is_closed:
        path = writer.finish()
    else:
        writer.flush()
        path = tmp_path / "a.jsonl.zst.part"
    with open_recording(path) as recording:
        assert summarise(recording, describe_nothing).reconnects == 0
    if not is_closed:
        writer.discard()


def test_in_a_later_part_it_is_told_when_a_connection_was_closed(tmp_path: Path) -> None:
    first = seen_in([opened(1, 0), frame(2, 0)], tmp_path, goes_on=True)
    second = seen_in([frame(11, 0), closed(12, 0), opened(13, 1)], tmp_path, goes_on=True)
    assert reconnects(first, second) == [13]


@given(st.lists(st.sampled_from(["open", "close", "frame"]), max_size=30), st.data())
def test_reconnects_are_the_connections_less_the_most_open_at_once(steps: list[str], data: st.DataObject) -> None:
    """Cut into files or not; each connection is seen in every file while it is open."""
    files: list[list[Span]] = [[]]
    is_open: list[int] = []
    count = most = 0
    for place, step in enumerate(steps):
        if data.draw(st.booleans()):
            files.append([])
        if step == "open":
            is_open.append(count)
            files[-1].append(Span(count, (place, 0), (place, 0), place))
            count += 1
        elif step == "close" and is_open:
            is_open.remove(data.draw(st.sampled_from(is_open)))
        most = max(most, len(is_open))
        files[-1] += [Span(conn, (place, 0), (place, 0)) for conn in is_open]
    assert len(reconnects(*data.draw(st.permutations(files)))) == count - most


def test_the_whole_and_the_plot_know_of_a_reconnect_between_two_files(tmp_path: Path) -> None:
    """Neither file shows it alone: one ends with a close, the next begins with an opening."""
    parts: list[list[Record]] = [
        [*SIDE_BY_SIDE, closed(20, 0)],
        [opened(21, 4), *(frame(22, conn) for conn in range(1, 5))],
    ]
    activity = Activity()
    summaries: list[RecordingSummary] = []
    for number, records in enumerate(parts):
        writer = create_recording(tmp_path / f"{number}.jsonl", RUN)
        for record in records:
            writer.write(record)
        with open_recording(writer.finish()) as recording:
            summaries.append(summarise(recording, describe_nothing, activity))
    assert [summary.reconnects for summary in summaries] == [0, 0]
    total = combine(summaries)
    assert (total.connections, total.reconnects, activity.reconnects.total, activity.reconnects.first) == (5, 1, 1, 21)
    assert "spans" not in total.as_dict()


REPLACED: list[Record] = [opened(1, 0), frame(2, 0), opened_for(3, 1, 0), frame(4, 1), replaced(5, 0, 1), closed(6, 0)]


def test_one_that_took_the_place_of_another_is_no_reconnect_and_one_after_it_is(tmp_path: Path) -> None:
    again: list[Record] = [opened_for(13, 2, 1), replaced(15, 1, 2), closed(16, 1)]
    assert reconnects(seen_in([*REPLACED, *again], tmp_path)) == []
    assert reconnects(seen_in([*REPLACED, *again, closed(20, 2), opened(21, 3), frame(22, 3)], tmp_path)) == [21]
    assert reconnects(seen_in([*REPLACED, opened(7, 2), frame(8, 1)], tmp_path)) == []  # side by side
    assert reconnects(seen_in([*REPLACED, closed(7, 1), opened(8, 2)], tmp_path)) == [8]


def test_one_that_was_to_take_the_place_of_another_and_did_not_is_no_reconnect(tmp_path: Path) -> None:
    failed: list[Record] = [opened(1, 0), frame(2, 0), opened_for(3, 1, 0), closed(4, 1), frame(5, 0)]
    assert reconnects(seen_in(failed, tmp_path)) == []
    assert reconnects(seen_in([*failed, closed(6, 0), opened(7, 2)], tmp_path)) == [7]
    together: list[Record] = [opened(1, 0), opened_for(3, 1, 0), closed(4, 0), closed(5, 1)]
    assert reconnects(seen_in(together, tmp_path)) == []


def test_one_that_went_on_when_the_other_was_lost_is_a_reconnect(tmp_path: Path) -> None:
    lost: list[Record] = [
        opened(1, 0),
        opened_for(3, 1, 0),
        closed(4, 0),
        *(Event(5 + number, 1, "clock") for number in range(5)),
    ]
    assert reconnects(seen_in([*lost, frame(11, 1), closed(12, 1)], tmp_path)) == [3]


def test_a_replacement_may_be_told_in_two_files(tmp_path: Path) -> None:
    first = seen_in(REPLACED[:4], tmp_path, goes_on=True)
    second = seen_in([frame(5, 0), replaced(6, 0, 1), closed(7, 0), frame(8, 1), closed(9, 1), opened(10, 2)], tmp_path)
    assert reconnects(first, second) == reconnects(second, first) == [10]


@pytest.mark.parametrize("value", ["0", -1, None, 1 << 64, True, 1.0])
def test_what_is_no_number_of_a_connection_says_nothing(tmp_path: Path, value: object) -> None:
    odd: list[Record] = [opened(1, 0), Event(2, 1, "open", {"replaces": value}), Event(3, 0, "replaced", {"by": value})]
    plain: list[Record] = [opened(1, 0), opened(2, 1), Event(3, 0, "replaced")]
    assert reconnects(seen_in(odd, tmp_path)) == reconnects(seen_in(plain, tmp_path))


def test_info_counts_replacements(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl", RUN)
    for record in REPLACED:
        writer.write(record)
    with open_recording(writer.finish()) as recording:
        summary = summarise(recording, describe_nothing)
    assert (summary.connections, summary.reconnects, summary.replacements) == (2, 0, 1)
