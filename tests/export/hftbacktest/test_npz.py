"""A file of numpy, written row by row."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from feedrec.export.hftbacktest.npz import write_npz
from feedrec.export.hftbacktest.rows import EVENT, NARROW, widened


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_numpy_loads_what_was_written_in_parts(tmp_path: Path, count: int) -> None:
    rows = np.zeros(count, EVENT)
    rows["ev"], rows["px"], rows["exch_ts"] = 1 << 31, np.arange(count) / 7, np.arange(count) * 10**15
    with (tmp_path / "x.npz").open("wb") as file:
        write_npz(file, count, (rows[first : first + 300] for first in range(0, count, 300)))
    with np.load(tmp_path / "x.npz") as found:
        assert found.files == ["data"]
        assert found["data"].dtype == EVENT
        assert found["data"].tobytes() == rows.tobytes()


def test_the_same_rows_give_the_same_bytes() -> None:
    """No time of today is in it."""
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        write_npz(file, 5, [np.zeros(5, EVENT)])
    assert files[0].getvalue() == files[1].getvalue()


def test_a_file_may_have_more_than_4_gb() -> None:
    """The member has room for sizes of 64 bits."""
    file = io.BytesIO()
    write_npz(file, 0, [])
    with zipfile.ZipFile(file) as archive:
        assert archive.getinfo("data.npy").header_offset == 0
    assert file.getvalue()[4:6] == (45).to_bytes(2, "little")  # the version that reads ZIP64


def test_another_number_of_rows_is_an_error() -> None:
    """It would not be the one in the header."""
    with pytest.raises(ValueError, match="1 rows fewer"):
        write_npz(io.BytesIO(), 2, [np.zeros(1, EVENT)])


def test_a_narrow_row_is_the_beginning_of_a_wide_one() -> None:
    narrow = np.array([(1, 2, 3, 4.5, 6.5), (7, 8, 9, np.inf, 0.25)], NARROW)
    assert widened(narrow).tolist() == [(1, 2, 3, 4.5, 6.5, 0, 0, 0.0), (7, 8, 9, np.inf, 0.25, 0, 0, 0.0)]
    assert widened(narrow[::-1]).tolist() == widened(narrow).tolist()[::-1]
