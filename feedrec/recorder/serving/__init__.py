"""
What a recorder gives to the processes that serve its feeds live: every line as it is written, and never a wait.

    live_serving.py  the processes of a recorder, from the first to the last run, and what they tell
    live_process.py  one of them: started, watched, and started again
    live_run.py      a run of a feed, as those who write it and those who serve it see it
    relay.py         lines of all runs to numbered parcels, the same for each process
    parcel_pipe.py   the socket to a process
    wishes.py        what clients ask for beyond what is recorded
"""
