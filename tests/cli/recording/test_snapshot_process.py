"""The process that puts states into files says when it is the disk that keeps it from that."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from feedrec.cli.recording import snapshot_process
from feedrec.errors import WriteError
from feedrec.recorder.output.finisher import DISK_FULL


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, DISK_FULL), (errno.EROFS, DISK_FULL), (errno.EIO, "x")])
def test_a_full_disk_has_an_exit_code_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int | str
) -> None:
    path = tmp_path / "a.jsonl.zst"

    def refuse(_: Path) -> None:
        raise WriteError(path, "cannot be written") from OSError(number, "x")

    monkeypatch.setattr(snapshot_process, "start_of", refuse)
    with pytest.raises(SystemExit) as ended:
        snapshot_process.main([str(path), "", ""])
    assert ended.value.code == (code if code == DISK_FULL else f"{path}: cannot be written")
