"""
Recordings as what people look at connections with.

    pcapng/          packets, for Wireshark and tshark
    har/             HTTP archives, for browsers
    destination.py   the file or stream that is written, whole or not at all
    exporting.py     what both exports do alike, and what they tell
    records.py       the frames and events of recordings, as they are chosen
"""
