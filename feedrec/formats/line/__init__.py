"""
One line of a recording, and what is known about it. Pure: no stream, no file.

    codec.py         encodes headers, frames and events as lines, and decodes them
    http_events.py   requests and answers as events
    payload/         what stands in a line byte for byte
    as_written.py    lines of other programs as ours
    fast_path.py     decodes received frames the fast way
    columns.py       received frames of many lines at once, column by column
    line_search.py   finds lines by bytes in them, before they are decoded
    frame_run.py     received frames in a row as one text
    index.py         where things are in a recording
    renumbering.py   another number for the connection of a line
    seek_table.py    the seek table of the zstd seekable format
    index_marks.py   what the index needs to know about lines
    selection.py     chooses records by channel, product, time
    subscribed.py    what was asked for, and what of it was accepted
    steady_clock.py  time without the steps of the wall clock
    other_tools.py   recognises files of other tools
"""
