"""
Feeds that are being recorded, served to many at once: two processes beside the recorder, which gives both the same.

The serving process has the clients; the other one knows the state of the market, for those who come later.

    states/     what the market is now, for clients that come late
    told_log.py the log of such a process, which the recorder writes
"""
