"""
A process beside a replay, for work that would keep the event loop waiting.

    beside.py           work in that process, or in a thread
    worker_process.py   the process, as the replay sees it
    worker_loop.py      what runs in it
    worker_messages.py  what the two say to each other
"""
