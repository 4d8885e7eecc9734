"""
One recording as a file: found, opened, read, written.

    names.py           what files are called
    lock.py            who is writing one
    opening.py         which reader a file needs
    recording.py       what all readers have in common
    line_reader.py     the reader of lines: plain, zstd, gzip
    parquet_reader.py  the reader of Parquet
    line_pass.py       one reading of the lines of a file
    block_search.py    blocks found without an index
    writer.py          lines in, a growing file out
    target.py          the file under its two names
    rotation.py        one recording in several files
"""
