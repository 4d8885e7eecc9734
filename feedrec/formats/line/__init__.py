"""
One line of a recording, and what is known of it. Pure: no stream, no file.

    codec.py        header, frame and event as a line, and back
    fast_path.py    received frames out of lines, the quick way
    index.py        where things are in a recording
    seek_table.py   the seek table of the zstd seekable format
    index_marks.py  what the index needs to know of lines
    selection.py    choosing records by channel, product, time
"""
