"""
Work on whole recordings; each is behind a command.

    convert.py         any recording to any other
    summary.py         what a recording holds
    histogram.py       counts over time
    verify.py          what is wrong with one
    verify_checks.py   what it says of itself, checked
    repair.py          a new one of what is left
    repair_result.py   what was saved, and what was lost
    salvage_blocks.py  what is left of zstd and plain lines
    salvage_prefix.py  what is left of gzip and Parquet
    foreign_files.py   files of other tools
    foreign_lines.py   their lines
"""
