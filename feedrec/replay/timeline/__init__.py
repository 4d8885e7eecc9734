"""
From recordings to frames in recorded order.

    timeline.py         recordings in order
    frame_stream.py     their frames, read and decoded ahead of need
    shared_timeline.py  their frames, read once for all clients
    batch_window.py     what was read, for those who are behind
    lap_reader.py       their lines, lap after lap
    frame_batches.py    lines to batches of frames
    past.py             what lies before a position, by the indexes
    past_file.py        the same of one recording
    snapshot_search.py  where to begin reading for a state
    coming_snapshots.py which snapshots are about to be played
    survey.py           what recordings hold
    last_frame.py       when they end
    span.py             from when to when they are played
    unchanged_files.py  what was found out about them, until they change
"""
