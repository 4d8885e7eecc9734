"""
What a run writes.

    counting_writer.py   frames and events to lines, and the figures
    rotating_writer.py   one file after another
    null_writer.py       nothing is kept
    parquet_finisher.py  finished journals to Parquet
"""
