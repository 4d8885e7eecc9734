"""
What arrives on the WebSocket of a recorder, as bytes and as messages.

    receiving.py       the connection, read where bytes arrive
    frame_cutter.py    whole text frames, cut out of the bytes
    library_parser.py  what must be known of the library's parser for that
"""
