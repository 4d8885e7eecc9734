"""
Playing to one client.

    playback.py        frames, each when it is due
    between_frames.py  what goes to it between them
    progress.py        how far that is
    pace.py            when that is due
"""
