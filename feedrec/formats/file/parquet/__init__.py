"""
Recordings in Parquet, read as the lines from which they were made.

    parquet_recording.py  the reader
    row_groups.py         the row groups of its file, checked
"""
