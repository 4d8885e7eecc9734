"""
Options about the files of a recording, each with what becomes of its values.

    output_options.py  where they are, and how they are written
    keep_options.py    how much of them is kept
    hook_options.py    what is done with those that are finished
    ship_options.py    where those are shipped to
"""
