"""
One client of the replay.

    meeting.py          who replays to it
    client.py           the replay to it, from its first message to its end
    dialogue_replay.py  a recorded conversation, which waits for it
    dialogue_requests.py  the recorded answers to requests
    first_words.py      what it says before that begins
    playback.py         frames, each when it is due
    pace.py             when that is
    venue_session.py    the owner of the venue's server half
    venue_time.py       the venue's clock for what is made for it
    connection.py       its connection
    outlet.py           messages to its transport
    observed_outlet.py  the same, heard by an observer
    crowd.py            what all clients share
    wire.py             payloads to WebSocket messages
    message_runs.py     the same, made once for clients who get the same
"""
