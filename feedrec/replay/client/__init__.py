"""
One client of the replay.

    meeting.py          who replays to it
    seen_client.py      the client as others see it
    client.py           the replay to it, from its first message to its end
    dialogue_replay.py  a recorded conversation, which waits for it
    dialogue_requests.py  the recorded answers to requests
    first_words.py      what it says before that begins
    venue_session.py    the owner of the venue's server half
    venue_time.py       the venue's clock for what is made for it
    connection.py       its connection
    parting.py          how that is closed
    crowd.py            what all clients share
    playing/            frames and what goes between them, each when it is due
    sending/            messages to its transport
    faulty/             the same where it goes wrong on purpose
    amid_outages/       the same where recorded outages are replayed
"""
