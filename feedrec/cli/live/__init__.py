"""
What changes on a terminal, in its place.

    live_line.py  a line that is drawn again and again
    outlet.py     text for a terminal that may take nothing now
    repeating.py  what is done again and again while something else runs
    progress.py   how far the reading of files has come
"""
