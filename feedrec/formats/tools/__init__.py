"""
Work on whole recordings: what the commands do.

    convert.py         any recording to any other
    input_lines.py     the lines of several recordings, as one
    states/            the state at the end of a file, for another one to begin with
    rewriting.py       lines whose frames are changed on purpose
    summary.py         figures of a recording
    reconnects.py      which connections are reconnects
    verify.py          what is wrong with a recording
    verify_checks.py   what a recording says of itself, checked
    repair.py          a new recording from what is left of a damaged one
    repair_folder.py   each recording of a folder that needs it
    repair_result.py   what was saved, and what was lost
    salvage_blocks.py  what is left of zstd and plain lines
    salvage_prefix.py  what is left of gzip and Parquet
    salvage_writer.py  the new recording, and what it says of the holes
"""
