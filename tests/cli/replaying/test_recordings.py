"""Which recordings a replay opens, and that clients get the same from those as from all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedrec.cli.replaying.recordings import chosen_recordings
from feedrec.errors import UsageError
from feedrec.formats.catalogue.folder_entries import entries_in, write_catalogue
from feedrec.model import format_time
from feedrec.times import Moment

from ...formats.catalogue.hourly import at, run
from ..client import receive_all
from ..command import mock_venue

if TYPE_CHECKING:
    from tests.object_server import Bucket


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a run of five hours, whose third file begins with the state."""
    folder = tmp_path_factory.mktemp("run")
    run(folder, 5, states=[2])
    return folder


def test_of_a_folder_those_are_opened_that_the_span_needs(place: Path) -> None:
    chosen = chosen_recordings([place], Moment(at(3.01)), Moment(at(3.5)))
    assert [path.name for path in chosen.paths] == ["x-0003.jsonl.zst", "x-0004.jsonl.zst"]
    assert len(chosen_recordings([place]).paths) == 5
    assert len(chosen_recordings([place], "live", Moment(at(1))).paths) == 5


def test_the_same_recording_twice_is_refused(place: Path) -> None:
    with pytest.raises(UsageError, match="are the same recording"):
        chosen_recordings([place, place])


def test_a_client_gets_what_it_gets_from_all_of_them(place: Path) -> None:
    """The book as it was at the start of the span, and what came then."""
    span = "--from", format_time(at(3.01)), "--to", format_time(at(4.03)), "--speed", "max", "--mode", "venue"
    told = []
    for files in ([place], sorted(place.iterdir())):
        with mock_venue(*files, *span) as url:
            told.append(receive_all(url, [("level2", ["BTC-USD"])])[0])
    assert told[0] == told[1]
    sizes = re.findall(rb'"price_level": ?"99", ?"new_quantity": ?"(\d)"', b"".join(told[0]))
    assert sizes == [b"3", b"4", b"5"], "of the third hour, which is before the span, and of the next ones"


def test_of_a_bucket_with_a_catalogue_no_other_object_is_opened(bucket: Bucket, place: Path) -> None:
    for path in place.iterdir():
        bucket.store.create(f"p/{path.name}", path)
    write_catalogue(entries_in(bucket.url / "p"))
    bucket.requests.clear()
    chosen = chosen_recordings([bucket.url / "p"], Moment(at(3.01)), Moment(at(3.5)))
    assert [path.name for path in chosen.paths] == ["x-0003.jsonl.zst", "x-0004.jsonl.zst"]
    opened = {one.key for one in bucket.requests if one.key.startswith("p/x")}
    assert opened <= {"p/x-0003.jsonl.zst", "p/x-0004.jsonl.zst"}
