"""
The venue that recordings make up.

    endpoints.py        what is served at which path
    mock_venue.py       what a venue has, and who answers for it
    endpoint_faults.py  what goes wrong there on purpose
    start_rule.py       when a client has subscribed enough to begin at once
    rebuild.py          the state of the market for a late client
    gathering.py        the same from the frames alone that it depends on
    start.py            from which known state that begins
    written_states.py   known states in files: checkpoints, and what was kept of earlier replays
    state_cache.py      where that is kept
    full_reading.py     the same from all frames since a snapshot
    position.py         where a client is
    rebuild_process.py  the same by a process beside the replay, or a thread
    rebuild_worker.py   that process
    rebuild_messages.py what the two say to each other
    answering/          what answers its clients, as where a feed is served live
"""
