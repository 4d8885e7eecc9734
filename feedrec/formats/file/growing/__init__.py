"""
The files of a recording while they are written.

    file_sequence.py        one after another
    recovering_sequence.py  the same, whatever happens to the disk
    growing_file.py         one of them, and what the disk has not taken yet
    files_so_far.py         which there are, up to a line
    backlog.py              what was handed over, and no thread has taken yet
    unwritten.py            lines that none of them has been given yet
    oldest_line.py          since when one of them waits
    size_limit.py           when a file is large enough
    size_bound.py           one file that takes what fits
    finishing.py            gives files their final names, in a thread of its own
    disk_rules.py           what to do about a disk that refuses
    disk_standing.py        whether it does, and how much is free
    spool.py                a temporary file on the way to Parquet
"""
