"""
The lines of recordings as a table.

    frame_table.py  page by page, and one line whole
    line_places.py  the lines of one recording, forward and back
    wanted.py       which of them are wanted
    keys.py         where a line stands, as the page names it
"""
