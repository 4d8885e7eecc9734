"""
Several runs in one process, each of its own: what one does hurts no other.

    fleet.py      all of them: which there are, and when they end
    member.py     one feed: its runs, one after another
    fleet_run.py  what is known of a run
    changes.py    from the feeds that there were to those that there shall be
    failures.py   what is tried again, and what is left
"""
