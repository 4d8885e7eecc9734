"""
Books that are wrong since frames were missed are subscribed again, so that the venue sends their snapshots.

    wrong_books.py  which books are wrong, and what is next for them: pure
    resync.py       the same for one connection: its messages, its events
"""
