"""
Recordings on disk.

    formats.py      sizes, seeking, memory
    reading.py      what it takes to read a recording, in a program and with cat
    tools.py        what it takes verify, repair and convert
    parquet.py      what it takes convert to Parquet and back, against DuckDB
    exports.py      what it takes export, against libraries that write columns
    prepared.py     writes columns with one of them
    batches.py      what a batch gains by two processes, and what a second run costs
    batch_run.py    does a batch
    sized.py        the recordings that they run on
    read_all.py     reads one, in one of several ways
    duckdb_copy.py  copies one with DuckDB
"""
