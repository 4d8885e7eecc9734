"""Which recordings in folders are opened for a span of time, and what of them is looked at for that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedrec.errors import NotARecordingError
from feedrec.formats.catalogue import looking
from feedrec.formats.catalogue.choosing import recordings_for
from feedrec.formats.catalogue.entry import Entry
from feedrec.formats.catalogue.folder_entries import entries_in, write_catalogue
from feedrec.formats.catalogue.listing import Found
from feedrec.times import Moment, parse_moment

from ...replay.books.making import START
from .hourly import HOUR, at, run, write

if TYPE_CHECKING:
    from tests.object_server import Bucket


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a folder with a run of four hours, and another recording a day later, below it."""
    run(tmp_path / "day" / "one", 4)
    write(tmp_path / "day" / "two" / "y.jsonl", [], created=at(24))
    return tmp_path / "day"


def names_of(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_of_folders_those_with_something_of_the_span_are_chosen(place: Path) -> None:
    chosen = recordings_for([place], Moment(at(1.01)), Moment(at(2.01)))
    assert names_of(chosen.paths) == ["x-0002.jsonl.zst", "x-0003.jsonl.zst"]
    assert chosen[1:] == (Moment(at(1.01)), Moment(at(2.01)))
    assert len(recordings_for([place], None, None).paths) == 5


@pytest.mark.parametrize(
    ("text", "hour"), [("90m", 1.5), ("18:30", 1.5), ("2026-11-21T18:30:00Z", 1.5), ("2026-11-22", 7)]
)
def test_times_count_from_the_first_recording_also_if_it_is_not_opened(text: str, hour: float, place: Path) -> None:
    moment = parse_moment(text)
    chosen = recordings_for([place], None, moment)
    assert chosen.end == Moment(at(hour))


def test_what_counts_from_the_beginning_does_not_need_it(place: Path) -> None:
    later = recordings_for([place], Moment(at(2.01)), Moment(3 * HOUR * 10**9, "start"))
    assert (names_of(later.paths), later.end) == (["x-0003.jsonl.zst"], Moment(at(3)))


def test_several_folders_may_count_from_the_earliest_or_from_the_first(place: Path) -> None:
    folders = [place / "two", place / "one"]
    offset = Moment(HOUR * 10**9, "start")
    assert recordings_for(folders, offset, None).start == Moment(at(1))
    assert recordings_for(folders, offset, None, base=lambda begun: begun[0]).start == Moment(at(25))


def test_files_that_are_named_are_all_opened(place: Path) -> None:
    paths = [place / "one" / "x-0001.jsonl.zst", place / "two" / "y.jsonl"]
    assert recordings_for(paths, Moment(at(1)), None).paths == paths


def test_one_is_opened_where_none_has_anything(place: Path) -> None:
    """It says that nothing matched, as it would of all."""
    assert names_of(recordings_for([place / "one"], Moment(at(2.5)), Moment(at(2.6))).paths) == ["x-0003.jsonl.zst"]
    assert names_of(recordings_for([place / "one"], Moment(at(99)), None).paths) == ["x-0004.jsonl.zst"]
    assert names_of(recordings_for([place / "one"], None, Moment(START - 9)).paths) == ["x-0001.jsonl.zst"]


def test_with_a_catalogue_nothing_is_looked_at(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And without one that fits, what it does not know of."""
    looked: list[str] = []
    look = looking.look_at

    def note(found: Found) -> Entry:
        looked.append(found.name)
        return look(found)

    monkeypatch.setattr(looking, "look_at", note)
    span = Moment(at(1.01)), Moment(at(1.02))
    without = recordings_for([place], *span)
    assert len(looked) == 5
    write_catalogue(entries_in(place))
    looked.clear()
    assert recordings_for([place], *span) == without
    assert looked == []
    write(place / "one" / "x-0003.jsonl.zst", [], 3)
    recordings_for([place], *span)
    assert looked == ["one/x-0003.jsonl.zst"]


def test_a_folder_without_recordings_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError):
        recordings_for([tmp_path], Moment(1), None)


def test_of_a_bucket_the_ends_of_objects_are_read_or_a_catalogue_alone(bucket: Bucket, tmp_path: Path) -> None:
    """By one request each here, where they are small."""
    for path in run(tmp_path, 4):
        bucket.store.create(f"p/{path.name}", path)
    folder, span = bucket.url / "p", (Moment(at(1.01)), Moment(at(1.02)))
    bucket.requests.clear()
    without = recordings_for([folder], *span)
    assert [path.name for path in without.paths] == ["x-0002.jsonl.zst"]
    assert sorted(one.key for one in bucket.requests if one.key.startswith("p/x")) == [
        f"p/x-000{number}.jsonl.zst" for number in (1, 2, 3, 4)
    ]
    write_catalogue(entries_in(folder))
    bucket.requests.clear()
    assert recordings_for([folder], *span) == without
    assert not [one for one in bucket.requests if one.key.startswith("p/x")]
    bucket.store.write("p/x-0003.jsonl.zst", write(tmp_path / "x-0003.jsonl.zst", [], 3))
    bucket.requests.clear()
    recordings_for([folder], *span)
    assert {one.key for one in bucket.requests if one.key.startswith("p/x")} == {"p/x-0003.jsonl.zst"}
