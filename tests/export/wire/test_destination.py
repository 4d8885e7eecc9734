"""A file of an export gets its name when it is whole; nothing of others is lost."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from feedrec.errors import RecordingExistsError, UsageError, WriteError
from feedrec.export.wire.destination import Destination
from feedrec.formats.file.modes import PRIVATE

from .made_recordings import inputs_of, write


def test_a_file_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    place = Destination(tmp_path / "out", [])
    place.write(b"one, ")
    place.write(b"two")
    assert not (tmp_path / "out").exists()
    place.commit()
    assert (tmp_path / "out").read_bytes() == b"one, two"
    assert place.size == 8
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_what_is_given_up_is_gone(tmp_path: Path) -> None:
    place = Destination(tmp_path / "out", [])
    place.write(b"x" * (3 << 20))
    place.discard()
    assert list(tmp_path.iterdir()) == []


def test_another_file_is_replaced_only_if_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with pytest.raises(RecordingExistsError, match="already exists: choose another name, or use --overwrite"):
        Destination(path, [])
    place = Destination(path, [], overwrite=True)
    assert path.read_bytes() == b"old"
    place.write(b"new")
    place.commit()
    assert path.read_bytes() == b"new"


def test_a_file_that_came_between_stays(tmp_path: Path) -> None:
    place = Destination(tmp_path / "out", [])
    (tmp_path / "out").write_bytes(b"of another program")
    with pytest.raises(RecordingExistsError):
        place.commit()
    place.discard()
    assert (tmp_path / "out").read_bytes() == b"of another program"
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_export_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "out.part").write_bytes(b"half")
    place = Destination(tmp_path / "out", [])
    place.commit()
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_an_input_is_not_overwritten(tmp_path: Path) -> None:
    source = write(tmp_path / "made.jsonl", [])
    with pytest.raises(UsageError, match="both input and output"):
        Destination(source, inputs_of(source), overwrite=True)


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "is a folder"), ("pipe", "is a pipe or device"), ("no/where", "its folder does not exist")],
)
def test_what_is_no_place_for_a_file_is_refused(tmp_path: Path, name: str, message: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WriteError, match=message):
        Destination(tmp_path / name, [], overwrite=True)


def test_whoever_may_not_read_an_input_may_not_read_the_output(tmp_path: Path) -> None:
    source = write(tmp_path / "made.jsonl", [])
    source.chmod(0o600)
    Destination(tmp_path / "out", inputs_of(source)).commit()
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o600
    Destination(tmp_path / "private", [], mode=PRIVATE).commit()
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600


def test_a_stream_gets_all_of_it_and_is_not_closed() -> None:
    stream = io.BytesIO()
    place = Destination(Path("-"), [], stream)
    place.write(b"one")
    place.commit()
    place.discard()
    assert stream.getvalue() == b"one"
    assert place.is_stream


def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with full.open("wb", buffering=0) as stream:
        place = Destination(tmp_path / "out", [], stream)
        place.write(b"x")
        with pytest.raises(WriteError, match=r"cannot be written: .*No space left"):
            place.commit()
