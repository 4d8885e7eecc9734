"""
What a run writes.

    counting_writer.py    frames and events to lines, and the figures
    growing_recording.py  what it writes to: one file, or one after another (formats/file/)
    null_writer.py        nothing is kept
    parquet_finisher.py   finished journals to Parquet
"""
