"""
A file of numpy with one array (`.npz`), written row by row: `numpy.savez` would have all of them in memory.

It is a ZIP archive (APPNOTE.TXT 6.3.10) with a member NAME.npy: a header, which has the number of rows, and the rows.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from typing import IO

import numpy as np
from numpy.lib import format as npy

from .rows import EVENT, Rows

__all__ = ["KEY", "LEVEL", "write_npz"]

KEY = "data"
"""The name of the array in the archive."""

LEVEL = 1
"""How hard to compress. Harder takes up to three times as long, and saves 6 % (measured on a real capture)."""


def write_npz(file: IO[bytes], count: int, parts: Iterable[Rows]) -> None:
    """
    Write an archive.

    Args:
        file: Where it goes.
        count: How many rows there are.
        parts: All rows, as they stand in a file.

    Raises:
        OSError: If the operating system reports an error.
        ValueError: If there are more or fewer rows.

    """
    header = {"descr": npy.dtype_to_descr(EVENT), "fortran_order": False, "shape": (count,)}
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive,
        archive.open(f"{KEY}.npy", "w", force_zip64=True) as member,
    ):
        npy.write_array_header_1_0(member, header)
        for rows in parts:
            member.write(np.ascontiguousarray(rows).view(np.uint8).data)
            count -= len(rows)
    if count:
        raise ValueError(f"{count} rows fewer than announced")
