"""
What the REST half of a feed makes of the recordings, as of any moment.

    derived_answers.py  answers to requests, off the event loop and no more often than must be
    answering.py        the same, one request after another
    market.py           what a REST half is told of
    following.py        states that go on from one moment to the next
    moment.py           as of when
    places.py           which lines are past then, where no client tells
    answer_process.py   a process, or a thread, for it
    answer_worker.py    that process
    answer_messages.py  what the two say to each other
    told_positions.py   positions among that, of which only what is new is told
"""
