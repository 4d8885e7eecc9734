"""
What a replay does wrong on purpose: faults that were asked for, the same ones for the same seed.

    fault.py            the kinds of faults, as data
    reading.py          how they are written
    chance.py           which frames are hit, by their positions
    frame_faults.py     what becomes of the frames of an endpoint
    held_messages.py    messages that are sent later
    faulty_server.py    a server half whose frames are hit
    fault_log.py        what was hit so far
    turned_away.py      handshakes and authentications that fail
    all_faults.py       the faults of a replay

Pure: no socket, no clock, no thread. What is chosen depends on the seed, the fault and the position of the frame alone.
"""
