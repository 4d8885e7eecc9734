"""
Write columns that are there: `python -m benchmarks.files.prepared parquet|npz|csv SOURCE TARGET`.

The source is a file of Arrow or numpy, with the columns as arrays; the target is what one writes with the library.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

__all__ = ["prepare"]


def prepare(how: str, exported: Path, sources: Mapping[Path, int]) -> None:
    """
    Make columns of a file that was exported.

    Args:
        how: As in the arguments of the program.
        exported: The file.
        sources: The files to make, and how many of the last rows each lacks.

    """
    if how == "npz":
        with np.load(exported) as archive:
            data = archive["data"]
        for source, fewer in sources.items():
            with source.open("wb") as file:
                np.save(file, data[: len(data) - fewer])
        return
    table = pq.ParquetFile(exported).read() if how == "parquet" else pyarrow.csv.read_csv(exported)
    for source, fewer in sources.items():
        with pa.OSFile(str(source), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table.slice(0, len(table) - fewer))


def main() -> None:
    """Write the columns."""
    how, source, target = sys.argv[1:]
    if how == "npz":
        np.savez_compressed(target, data=np.load(source))
        return
    with pa.memory_map(source) as file:
        table = pa.ipc.open_file(file).read_all()
        if how == "parquet":
            pq.write_table(table, target, compression="zstd")
        else:
            with gzip.open(target, "wb") as compressed:
                pyarrow.csv.write_csv(table, compressed)


if __name__ == "__main__":
    main()
