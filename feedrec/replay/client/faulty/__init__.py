"""
The replay to one client that goes wrong on purpose.

    faulty_replay.py    the replay to a client whose frames are hit
    faulty_sessions.py  its session, with a venue or without one
    faulty_playback.py  playing frames of which some come later, or not at all
    slow_connection.py  a connection that takes only so many bytes a second

It stands beside what every client has, so that a replay without faults pays nothing.
"""
