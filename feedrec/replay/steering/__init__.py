"""
Steering a replay while it runs.

    steering.py      pause, resume, speed, steps, jumps: what others call
    status.py        how the replay and its clients are
    one_timeline.py  the one timeline of all clients, or of one of them
    orders.py        steps, and playing up to a moment
    stage.py         a timeline, its time, and those who follow it
    playhead.py      how far it is played
    merged_frames.py the same of several endpoints together
    followers.py     the clients that follow it
    limit.py         up to where frames may be played
"""
