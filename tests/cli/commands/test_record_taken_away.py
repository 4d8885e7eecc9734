"""`feedrec record`, as a process, whose file another program removes, replaces or moves while it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.formats import open_recording
from feedrec.model import Event, Frame

from ...timing import wait_until
from ..command import DEMO, background, interrupt, mock_venue, wait_for_frames


def received(*paths: Path) -> list[bytes]:
    """Give the payloads that the files of a recording received."""
    found = []
    for path in paths:
        with open_recording(path) as recording:
            found += [one.payload for one in recording if isinstance(one, Frame) and one.direction == "in"]
    return found


def replace(part: Path) -> None:
    part.unlink()
    part.write_text("other")


def move(part: Path) -> None:
    part.rename(part.with_name("moved.jsonl.zst"))


def move_folder(part: Path) -> None:
    part.parent.rename(part.parent.with_name("elsewhere"))
    part.parent.mkdir()


@pytest.mark.parametrize(
    ("attack", "first", "second"),
    [
        (replace, "d/x.jsonl.zst", "d/x-2.jsonl.zst"),
        (move, "d/moved.jsonl.zst", "d/x-2.jsonl.zst"),
        (move_folder, "elsewhere/x.jsonl.zst.part", "d/x-2.jsonl.zst"),
    ],
)
def test_a_recording_goes_on_in_another_file_and_both_are_named(
    tmp_path: Path, attack: object, first: str, second: str
) -> None:
    """Nothing is lost, the connection stays open, and what another program put there stays as it is."""
    (tmp_path / "d").mkdir()
    part = tmp_path / "d" / "x.jsonl.zst.part"
    arguments = ("-c", "level2", "-c", "ticker", "-p", "BTC-USD,ETH-USD", "-o", "d/x.jsonl.zst")
    with (
        mock_venue(DEMO, "--speed", 5, "--at-end", "hold") as url,
        background("record", "--url", url, *arguments, cwd=tmp_path) as process,
    ):
        wait_for_frames(part)
        attack(part)  # type: ignore[operator]
        other = part.with_name("x-2.jsonl.zst.part")
        wait_until(other.exists)
        wait_for_frames(other)
        code, out, err = interrupt(process)
    assert code == 0, err.decode()
    assert "the recording goes on in x-2.jsonl.zst" in err.decode() or "the recording waits" in err.decode()
    names = [str(tmp_path / first) if "moved" in first or "elsewhere" in first else first, second]
    assert f" to {' and '.join(names)}\n" in out.decode()
    found = received(tmp_path / first, tmp_path / second)
    assert found
    assert found == received(DEMO)[: len(found)]
    with open_recording(tmp_path / second) as recording:
        events = [one for one in recording if isinstance(one, Event)]
    assert [one.name for one in events if one.name in {"open", "continuation", "close"}] == ["continuation", "close"]
    if attack is replace:
        assert part.read_text() == "other"
