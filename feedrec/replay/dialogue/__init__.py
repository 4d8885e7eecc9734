"""
Replay that waits for the client: what it must say, and what it then hears; pure, but for the reading of recordings.

    reading.py       recordings to conversations
    recorded.py      a conversation as it was recorded
    casting.py       which client plays which of them
    conversation.py  one of them, played: what goes out next, what is expected
    matching.py      whether a message is the recorded one
    stand_ins.py     the client's values in place of recorded ones
    json_values.py   JSON whose numbers compare exactly
    failure.py       what failed, for people and for tests
    difference.py    two messages, and where they differ
    difference_lines.py    how that is shown
    request_parts.py       a request as it is compared
    request_difference.py  two requests, and where they differ
    exchanges.py           which recorded answer a request gets
"""
