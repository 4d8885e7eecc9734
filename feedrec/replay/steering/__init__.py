"""
Steering a replay while it runs.

    steering.py      pause, resume, speed, steps: what others call
    one_timeline.py  the one timeline of all clients, and where it is
    playhead.py      how far it is played
    merged_frames.py the same of several endpoints together
    followers.py     the clients that follow it
    limit.py         up to where frames may be played
"""
