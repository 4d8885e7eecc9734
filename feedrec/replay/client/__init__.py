"""
One client of the replay.

    client.py    the replay to it, from its first message to its end
    playback.py  frames, each when it is due
    answers.py   what it is answered
    outlet.py    messages to its transport
    wire.py      payloads to WebSocket messages
"""
