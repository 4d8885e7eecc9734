"""
Frames of a recording, changed on purpose: smaller books, other ids, later times.

A feed says how its frames are changed (`Feed.trimming`); `convert` has it done, line by line. A replay moves times
(`time_fields_of`), in what it sends.

    frame_change.py  what changes the frames of one connection
    anonymous_ids.py other ids in place of those of orders, trades, users and accounts
    arrays.py        other entries in an array of a payload, all else byte for byte
    trimmed_books.py the books of one connection, cut to their best levels
    time_fields.py   where the frames of a venue have times
    moved_times.py   the times in a frame, moved
"""
