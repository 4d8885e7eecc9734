"""
Frames of a recording, changed on purpose: smaller books, other ids.

A feed says how its frames are changed (`Feed.trimming`); `convert` has it done, line by line.

    frame_change.py  what changes the frames of one connection
    anonymous_ids.py other ids in place of those of orders, trades, users and accounts
    arrays.py        other entries in an array of a payload, all else byte for byte
    trimmed_books.py the books of one connection, cut to their best levels
"""
