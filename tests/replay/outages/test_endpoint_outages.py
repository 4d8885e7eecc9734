"""A handshake is answered by the time, or one by one where time does not pass."""

from __future__ import annotations

from pathlib import Path

from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.outages.endpoint_outages import EndpointOutages
from feedrec.replay.outages.reading import OutageReading
from feedrec.replay.timeline.timeline import Timeline

from .outage_recordings import Line, at, closed, opened, refused, ticker, write

STORY: list[Line] = [opened(0, 0), ticker(1, 0), closed(2, 0), refused(3, 1, 503), refused(6, 1), opened(8, 1)]


def outages_of(path: Path, lines: list[Line]) -> EndpointOutages:
    return EndpointOutages(OutageReading(Timeline([write(path, lines)])))


def status_at(outages: EndpointOutages, seconds: float, *, takes_time: bool = True) -> int | str | None:
    refusal = outages.answer(RecordedSteady(at(seconds)), takes_time=takes_time)
    return "let in" if refusal is None else refusal.status


def test_by_the_time(tmp_path: Path) -> None:
    outages = outages_of(tmp_path / "a.jsonl.zst", [*STORY, ticker(9, 1)])
    assert [status_at(outages, time) for time in (1.9, 2, 5, 6, 7.9, 8)] == ["let in", 503, 503, None, None, "let in"]


def test_one_by_one_and_once_more_if_it_comes_again(tmp_path: Path) -> None:
    outages = outages_of(tmp_path / "a.jsonl.zst", [*STORY, ticker(9, 1)])
    for _ in range(2):
        assert [status_at(outages, 2, takes_time=False) for _ in range(3)] == [503, None, "let in"]


def test_where_nothing_is_known_it_is_503_and_takes_no_time_where_time_takes_none(tmp_path: Path) -> None:
    outages = outages_of(tmp_path / "a.jsonl.zst", [opened(0, 0), closed(2, 0), opened(8, 1), ticker(9, 1)])
    assert status_at(outages, 3) == 503
    assert status_at(outages, 2, takes_time=False) == "let in"
