"""The requests that stand in recordings, also while these grow."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import RecordingError
from feedrec.formats import Recording, create_recording
from feedrec.formats.file.exchanges import exchanges_in
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.line.http_events import http_event
from feedrec.http_messages import HttpAnswer, HttpExchange
from feedrec.model import Frame, Header
from feedrec.replay.rest import recorded_exchanges
from feedrec.replay.rest.recorded_exchanges import RecordedExchanges

from ...timing import wait_until
from ..recordings import START


def exchange(number: int, time: int) -> HttpExchange:
    answer = HttpAnswer(200, b'{ "n": %d}' % number, headers=(("cb-after", "7"),))
    return HttpExchange(START + time, START + time - 1, "GET", "https://api.test/x", answer)


def no_pause() -> None: ...


def write(path: Path, exchanges: list[HttpExchange]) -> Path:
    writer = create_recording(path, Header("raw", created=START))
    for number, one in enumerate(exchanges):
        writer.write_line(encode_event(http_event(one)))
        writer.write_line(encode_frame(Frame(START + number, 0, b"{}")))
    return writer.finish()


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".jsonl", ".jsonl.gz", ".parquet"])
def test_all_of_several_recordings_are_found_once_and_read_again(tmp_path: Path, suffix: str) -> None:
    """Also those that came at the same time."""
    first, second = [exchange(1, 5), exchange(2, 5), exchange(3, 6)], [exchange(4, 5)]
    paths = [write(tmp_path / f"a{suffix}", first), write(tmp_path / f"b{suffix}", second)]
    source = RecordedExchanges(paths)
    found = list(source.new(no_pause))
    assert [one for _, one in found] == first + second
    assert [source.at(place, no_pause) for place, _ in found] == first + second
    assert len({place for place, _ in found}) == 4
    assert not source.grows
    assert list(source.new(no_pause)) == []


def has_lines(part: Path, lines: int) -> bool:
    return part.exists() and part.read_bytes().count(b"\n") == lines


def test_what_a_recorder_adds_is_found_by_the_next_look(tmp_path: Path) -> None:
    part = tmp_path / "a.jsonl.part"
    writer = create_recording(tmp_path / "a.jsonl", Header("raw", created=START))
    source = None
    for number in range(3):
        writer.write_line(encode_event(http_event(exchange(number, 5 + number // 2))))
        writer.flush()
        wait_until(partial(has_lines, part, number + 2))
        source = source or RecordedExchanges([part])
        assert [one for _, one in source.new(no_pause)] == [exchange(number, 5 + number // 2)]
        assert source.grows
    writer.write_line(encode_event(http_event(exchange(3, 9))))
    writer.finish()
    assert source is not None
    ((place, last),) = source.new(no_pause)
    assert source.at(place, no_pause) == last == exchange(3, 9)
    assert not source.grows


def test_what_was_looked_through_is_not_looked_through_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor if it had no request: a recorder may be at its thousandth megabyte."""
    part = tmp_path / "a.jsonl.part"
    writer = create_recording(tmp_path / "a.jsonl", Header("raw", created=START))
    source, starts = RecordedExchanges([part]), []

    def noted(recording: Recording, start: int | None, *rest: Any) -> Any:
        starts.append(start)
        return exchanges_in(recording, start, *rest)

    monkeypatch.setattr(recorded_exchanges, "exchanges_in", noted)
    for number in range(3):
        writer.write_line(encode_frame(Frame(START + number, 0, b"{}")))
        writer.flush()
        wait_until(partial(has_lines, part, number + 2))
        assert list(source.new(no_pause)) == []
    assert starts == [None, START, START + 1]
    writer.finish()


def test_what_stands_before_damage_is_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [exchange(1, 1), exchange(2, 2)])
    path.write_bytes(path.read_bytes()[:-200])
    assert [one for _, one in RecordedExchanges([path]).new(no_pause)] == [exchange(1, 1)]


def test_a_recording_that_was_replaced_is_an_error(tmp_path: Path) -> None:
    source = RecordedExchanges([write(tmp_path / "a.jsonl", [exchange(1, 1)])])
    ((place, _),) = source.new(no_pause)
    (tmp_path / "a.jsonl").unlink()
    write(tmp_path / "a.jsonl", [exchange(1, 2)])
    with pytest.raises(RecordingError, match="not what it was"):
        source.at(place, no_pause)
