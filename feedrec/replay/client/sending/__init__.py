"""
Messages to one client.

    outlet.py           messages to its transport
    observed_outlet.py  the same, heard by an observer
    wire.py             payloads to WebSocket messages
    restamping.py       the times in them, moved to now
    message_runs.py     the same, made once for clients who get the same
"""
