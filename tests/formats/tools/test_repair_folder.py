"""Of the recordings in a folder, those that need it are repaired."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from feedrec.errors import NotARecordingError, RecordingExistsError
from feedrec.formats.tools.repair import repair_recording
from feedrec.formats.tools.repair_folder import Outcome, needs_repair, repair_folder
from feedrec.formats.tools.repair_result import Repair
from feedrec.formats.tools.verify import Verification

from .damage import pack, repair, rules_for, verify


def outcomes(folder: Path, target: Path | None = None) -> dict[str, Outcome]:
    def save(path: Path, output: Path | None) -> Repair:
        return repair(path, output) if output else repair_recording(path, rules_for=rules_for)

    return {one.path.name: one for one in repair_folder(folder, verify=verify, repair=save, target=target)}


def test_each_file_gets_what_it_needs(tmp_path: Path) -> None:
    """Nothing, a repair, or an error that does not keep the others from theirs; a file being written is left alone."""
    whole = pack()
    (tmp_path / "cut.jsonl.zst").write_bytes(whole[:-300])
    (tmp_path / "good.jsonl.zst").write_bytes(whole)
    (tmp_path / "live.jsonl.zst.part").write_bytes(whole[:-300])
    (tmp_path / "none.jsonl.zst").write_bytes(b"hello")
    with (tmp_path / "live.jsonl.zst.part").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        found = outcomes(tmp_path, tmp_path / "new")
    assert list(found) == ["cut.jsonl.zst", "good.jsonl.zst", "live.jsonl.zst.part", "none.jsonl.zst"]
    done = found["cut.jsonl.zst"].repair
    assert done is not None
    assert verify(done.output).is_good
    assert found["good.jsonl.zst"] == Outcome(tmp_path / "good.jsonl.zst")
    assert found["live.jsonl.zst.part"].is_live
    assert isinstance(found["none.jsonl.zst"].error, NotARecordingError)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["cut.jsonl.zst"]


def test_recordings_below_a_folder_keep_their_folders(tmp_path: Path) -> None:
    for name in ("a/x.jsonl.zst", "b/c/x.jsonl.zst"):
        (tmp_path / "old" / name).parent.mkdir(parents=True)
        (tmp_path / "old" / name).write_bytes(pack()[:-300])
    outcomes(tmp_path / "old", tmp_path / "new")
    saved = [str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*.zst")]
    assert sorted(saved) == ["a/x.jsonl.zst", "b/c/x.jsonl.zst"]


def test_a_target_that_is_a_file_is_refused_before_anything(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.zst").write_bytes(pack())
    with pytest.raises(RecordingExistsError, match="is no folder"):
        outcomes(tmp_path, tmp_path / "a.jsonl.zst")


@pytest.mark.parametrize(
    ("kinds", "name", "needed"),
    [
        ((), "a.jsonl", False),
        (("gap", "time"), "a.jsonl", False),
        (("gap", "cut"), "a.jsonl", True),
        (("index",), "a.jsonl.zst", True),
        ((), "a.parquet.jsonl.zst", True),
    ],
)
def test_what_was_recorded_so_is_not_repaired(kinds: tuple[str, ...], name: str, needed: bool) -> None:  # noqa: FBT001
    verification = Verification(Path(name))
    for kind in kinds:
        verification.add(kind, "x")
    assert needs_repair(verification) == needed
