"""
The replay to one client where recorded outages are replayed.

    door.py             how handshakes are answered, and who is let in
    outage_playback.py  playing frames up to an outage
    outage_replay.py    the replay to a client that is disconnected then

It stands beside what every client has, so that a replay without outages pays nothing.
"""
