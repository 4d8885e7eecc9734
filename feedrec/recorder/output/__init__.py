"""
The output of a recorder.

    counting_writer.py      turns frames and events into lines, and counts them
    writer_protocol.py      what it writes to: a single file, or one after another (formats/file/)
    null_writer.py          keeps nothing
    finisher.py             what is done with finished files, by processes with low priority
    parquet_finisher.py     turns finished journals into Parquet
    checkpoint_finisher.py  writes the checkpoints of finished files
"""
