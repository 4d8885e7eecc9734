"""What pyarrow writes passes through a temporary file, of which nothing stays."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from feedrec.formats.file.growing.spool import Spool


def test_what_is_written_is_taken_once_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spool = Spool()
    spool.stream.write(b"one")
    spool.stream.write(b"two")
    assert spool.tell() == 6
    assert spool.take() == b"onetwo"
    assert spool.take() == b""
    spool.stream.write(b"x" * 100_000)
    assert spool.take() == b"x" * 100_000
    assert spool.tell() == 100_006
    assert os.fstat(spool._file).st_blocks == 0
    assert list(tmp_path.iterdir()) == []
