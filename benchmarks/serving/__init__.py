"""
What serving a feed live costs, and how late it is.

    live.py          ten clients of `feedrec record --serve`, against a relay with `broadcast`, and beside a stuck one
    live_run.py      one run of a recorder or a relay with clients: CPU of each process, and when each frame came
    live_clients.py  the clients, in one process: what came when
    live_relay.py    that relay
    live_venue.py    a venue whose frames say which they are
"""
