"""
Copy a file with DuckDB: `python -m benchmarks.files.duckdb_copy guessed|declared|lines SOURCE TARGET`.

- `guessed`: lines to Parquet, with the types that DuckDB finds.
- `declared`: lines to Parquet, with the columns named, and each payload as text.
- `lines`: Parquet as feedrec writes it to lines, with payloads as text.
"""

from __future__ import annotations

import sys

import duckdb

_LINES = "format='newline_delimited', maximum_object_size=100000000"
_COLUMNS = "columns={time:'TIMESTAMP_NS',conn:'BIGINT',dir:'VARCHAR',event:'VARCHAR',frame:'JSON'}"
_TO_PARQUET = "(FORMAT parquet, COMPRESSION zstd)"


def main() -> None:
    """Copy the file."""
    how, source, target = sys.argv[1:]
    query = {
        "guessed": f"COPY (SELECT * FROM read_json('{source}', {_LINES})) TO '{target}' {_TO_PARQUET}",
        "declared": f"COPY (SELECT * FROM read_json('{source}', {_LINES}, {_COLUMNS})) TO '{target}' {_TO_PARQUET}",
        "lines": f"COPY (SELECT time, conn, dir, event, payload::VARCHAR AS frame FROM '{source}') "
        f"TO '{target}' (FORMAT json, COMPRESSION zstd)",
    }[how]
    duckdb.execute(query)


if __name__ == "__main__":
    main()
