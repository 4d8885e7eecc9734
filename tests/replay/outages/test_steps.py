"""An index leads to the same outages as reading everything does, and to few blocks."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.formats import RecordingReader
from feedrec.formats.line.index import IndexedBlock
from feedrec.replay.outages.reading import OutageReading
from feedrec.replay.timeline.timeline import Timeline

from .outage_recordings import Line, at, closed, opened, plan_of, refused, ticker, write

BLOCK = 700_000
"""Bytes of a frame of which two do not fit a block."""


@st.composite
def scripts(draw: st.DrawFn) -> list[Line]:
    """Make connections that come and go, with large frames between, so that there are many blocks."""
    lines: list[Line] = []
    now_open: list[int] = []
    following, time = 0, 0.0
    for action in draw(st.lists(st.sampled_from(["open", "close", "refused", "frame", "frame"]), max_size=25)):
        time += draw(st.sampled_from([0.5, 1.0, 30.0]))
        if action == "open":
            lines.append(opened(time, following))
            now_open.append(following)
            following += 1
        elif action == "close" and now_open:
            lines.append(closed(time, now_open.pop(draw(st.integers(0, len(now_open) - 1)))))
        elif action == "refused":
            lines.append(refused(time, following, 503))
        elif action == "frame" and now_open:
            lines.append(ticker(time, draw(st.sampled_from(now_open)), len(lines), draw(st.sampled_from([0, BLOCK]))))
    return [*lines, opened(time + 1, following), ticker(time + 2, following, 1)]


@settings(max_examples=40, deadline=None)
@given(scripts(), st.integers(0, 25))
def test_the_index_and_the_lines_tell_the_same(lines: list[Line], cut: int) -> None:
    """Also of a run of two files, of which the second goes on with the connections of the first."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = [write(folder / f"whole-{knows}.jsonl.zst", lines, knows=knows) for knows in (True, False)]
        assert plan_of(whole[0]).outages == plan_of(whole[1]).outages
        parts: list[list[Path]] = []
        for knows in (True, False):
            pieces = enumerate([lines[:cut], lines[cut:]], 1)
            parts.append(
                [write(folder / f"{knows}-{n}.jsonl.zst", piece, part=n, knows=knows) for n, piece in pieces if piece]
            )
        by_index, by_lines = (plan_of(*paths).outages for paths in parts)
        assert by_index == by_lines
        assert [one[:3] for one in by_lines] == [one[:3] for one in plan_of(whole[1]).outages]


def test_a_refusal_after_a_silent_connection_was_opened_is_none_of_the_outage_before(tmp_path: Path) -> None:
    """No block says where a connection without frames was opened: what is in all of them is looked at."""
    lines = [opened(0, 0), closed(1, 0), *(opened(1.5 + n, n + 1) for n in range(8)), refused(10, 9, 503)]
    lines += [opened(11, 9), ticker(12, 9)]
    parts = [write(tmp_path / f"{n}.jsonl.zst", piece, part=n) for n, piece in enumerate((lines[:2], lines[2:]), 1)]
    assert [(one.end, one.refusals) for one in plan_of(*parts).outages] == [(at(1.5), ())]


def test_a_connection_that_was_opened_before_a_cut_is_open(tmp_path: Path) -> None:
    """Only its frames show it."""
    lines = [ticker(0, 0), ticker(1, 1), closed(2, 0), ticker(3, 1), opened(5, 2), ticker(6, 2)]
    for name in ("a.jsonl.zst", "a.jsonl"):
        assert len(plan_of(write(tmp_path / name, lines))) == 0


def test_few_blocks_are_read_where_an_index_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[Line] = []
    for conn in range(3):
        begin = conn * 1000.0
        lines += [opened(begin, conn), *(ticker(begin + n, conn, n, BLOCK) for n in range(1, 15))]
        lines += [(begin + 15, conn, "error", {"message": "x"}), ticker(begin + 16, conn, 1, BLOCK)]
        lines += [closed(begin + 20, conn), refused(begin + 21, conn + 1, 503), refused(begin + 23, conn + 1)]
    path = write(tmp_path / "a.jsonl.zst", [*lines, opened(9000, 3), ticker(9001, 3)])
    read: list[int] = []
    before = RecordingReader.block_text

    def counted(self: RecordingReader, block: IndexedBlock) -> bytes | None:
        read.append(block.offset)
        return before(self, block)

    monkeypatch.setattr(RecordingReader, "block_text", counted)
    plan = plan_of(path)
    assert [one.begin for one in plan.outages] == [at(20), at(1020), at(2020)]
    assert [len(one.refusals) for one in plan.outages] == [2, 2, 2]
    assert len(set(read)) <= 6 < len(Timeline([path]).indexes()[0].blocks) / 4  # type: ignore[union-attr]


def test_an_index_that_lies_has_the_lines_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.jsonl.zst", [opened(0, 0), ticker(1, 0), closed(2, 0), opened(5, 1), ticker(6, 1)])
    monkeypatch.setattr(RecordingReader, "block_text", lambda _, __: None)
    reading = OutageReading(Timeline([path]))
    assert len(reading.plan) == 0
    assert [(one.begin, one.end) for one in plan_of(path).outages] == [(at(2), at(5))]
