"""What is read of a folder for a span, and that exports and conversions are the same as of all recordings in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedrec.cli.exporting.inputs import look_at
from feedrec.formats import open_recording
from feedrec.model import format_time
from feedrec.times import Moment

from ...formats.catalogue.hourly import at, run
from ..command import feedrec

SPAN = "--from", format_time(at(3.01))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a run of five hours, whose third file begins with the state."""
    folder = tmp_path_factory.mktemp("run")
    run(folder, 5, states=[2])
    return folder


def test_of_a_folder_those_are_read_that_the_span_needs(place: Path) -> None:
    options = {"start": Moment(3_700 * 10**9, "start"), "end": Moment(7_300 * 10**9, "start")}
    names = [one.path.name for one in look_at([place], options)]
    assert names == [f"x-000{number}.jsonl.zst" for number in (1, 2, 3)]
    assert options["end"] == Moment(at(0) + 7_300 * 10**9)


@pytest.mark.parametrize("kind", ["tardis-csv", "pcapng"])
def test_an_export_is_the_same(kind: str, place: Path, tmp_path: Path) -> None:
    """Also of the book as it was when the span began."""
    written = []
    for name, files in (("folder", [place]), ("files", sorted(place.iterdir()))):
        target = tmp_path / name
        done = feedrec("export", *files, "--to", kind, *SPAN, "--until", format_time(at(4.5)), "-o", target, "--json")
        assert done.returncode == 0, done.stderr
        paths = [target] if target.is_file() else sorted(path for path in target.rglob("*") if path.is_file())
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1] != []


@pytest.mark.parametrize("more", [[], ["--with-state"], ["--trim-book", "1"]])
def test_what_is_converted_is_the_same(more: list[str], place: Path, tmp_path: Path) -> None:
    written = []
    for name, files in (("folder", [place]), ("files", sorted(place.iterdir()))):
        target = tmp_path / f"{name}.jsonl"
        done = feedrec("convert", *files, *SPAN, "--to", format_time(at(4.5)), *more, "-o", target, "--json")
        assert json.loads(done.stdout)["frames"] >= 4, done.stderr
        with open_recording(target) as recording:
            written.append(list(recording))
    assert written[0] == written[1]
