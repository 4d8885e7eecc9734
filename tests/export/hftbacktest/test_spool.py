"""Rows that wait in a file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from feedrec.errors import WriteError
from feedrec.export.hftbacktest.rows import NARROW
from feedrec.export.hftbacktest.spool import Piece, Spool


def test_rows_come_back_in_any_pieces(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    rows = np.zeros(10, NARROW)
    rows["px"] = range(10)
    assert spool.append(rows[:4]) == Piece(0, 4)
    assert spool.append(rows[4:][::-1]) == Piece(4, 6)
    assert spool.read([Piece(8, 2), Piece(1, 4)])["px"].tolist() == [5, 4, 1, 2, 3, 9]
    spool.close()


def test_it_never_has_a_name(tmp_path: Path) -> None:
    """So a killed process leaves nothing."""
    spool = Spool(tmp_path)
    spool.append(np.zeros(10, NARROW))
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="gone: cannot be written to: it does not exist"):
        Spool(tmp_path / "gone")


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool._file.close()
    spool._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115, PTH123
    with pytest.raises(WriteError, match="cannot be written to: No space left on device"):
        spool.append(np.zeros(1, NARROW))
    spool.close()


def test_rows_that_something_else_cut_off_are_no_zeros(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    piece = spool.append(np.zeros(3, NARROW))
    os.truncate(spool._file.fileno(), 100)
    with pytest.raises(WriteError, match="is not there any more"):
        spool.read([piece])
    spool.close()
