"""`feedrec cat` of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.formats import open_recording
from feedrec.model import format_time

from ...formats.catalogue.hourly import at, run
from ..command import feedrec

SPAN = "--from", format_time(at(1.01)), "--to", format_time(at(2.02))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a run of four hours."""
    folder = tmp_path_factory.mktemp("run")
    run(folder, 4)
    return folder


def test_the_recordings_of_a_folder_are_printed_below_one_header(place: Path) -> None:
    paths = sorted(place.iterdir())
    lines = feedrec("cat", place).stdout.splitlines()
    each = [feedrec("cat", path).stdout.splitlines() for path in paths]
    assert lines == [each[0][0], *(line for some in each for line in some[1:])]
    raw = feedrec("cat", "--raw", place, *SPAN).stdout.splitlines()
    assert (
        raw == [line for path in paths[1:3] for line in feedrec("cat", "--raw", path, *SPAN).stdout.splitlines()] != []
    )


def test_a_header_of_others_is_not_printed_over_lines(place: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.zst").write_bytes(min(place.iterdir()).read_bytes())
    (tmp_path / "b.jsonl").write_text('{"feedrec":1,"endpoint":"raw","created":"2027-01-01T00:00:00.000000000Z"}\n')
    done = feedrec("cat", tmp_path)
    assert done.returncode == 2
    assert b"has recordings of coinbase-advanced and raw: name one" in done.stderr


def test_a_folder_is_not_followed(place: Path) -> None:
    assert b"--follow prints one file" in feedrec("cat", "-f", place).stderr


def test_what_is_printed_is_a_recording(place: Path, tmp_path: Path) -> None:
    (tmp_path / "all.jsonl").write_bytes(feedrec("cat", place).stdout)
    with open_recording(tmp_path / "all.jsonl") as recording:
        assert sum(1 for _ in recording) == 13
