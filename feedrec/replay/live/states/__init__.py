"""
What the market is now, for clients that come late: known by a process of its own, which takes in every recorded frame.

    state_process.py   that process
    market_now.py      the states of all feeds, as of one number
    followed_feed.py   one feed: from its first line on, or from files and what came since
    files_of_run.py    the lines of a run that were written before
    earlier_files.py   what the earlier ones of its files have led to, by their indexes
    run_state.py       what the lines of a run have led to so far
    answering.py       answers whoever asks
    state_messages.py  what the serving process and that one say to each other
    asking.py          the end of the serving process: asks, and has clients wait

The recorder gives both processes the same lines under the same numbers, so that an answer can say as of which number it
is, and the client goes on with what comes after.
"""
