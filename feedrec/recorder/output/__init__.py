"""
The output of a recorder.

    open_connections.py     which connections are open, for the figures
    counting_writer.py      turns frames and events into lines, and counts them
    writer_protocol.py      what it writes to: a single file, or one after another (formats/file/)
    null_writer.py          keeps nothing
    file_chain.py           what is done with finished files, step by step
    finisher.py             a step of that
    pending.py              the mark of a file after which something is still to be done
    finished_file.py        what is known of a finished file
    command_finisher.py     runs the command of the user for finished files
    parquet_finisher.py     turns finished journals into Parquet
    snapshot_finisher.py    has each file begin with the state that the one before it has led to
    checkpoint_finisher.py  writes the checkpoints of finished files
"""
