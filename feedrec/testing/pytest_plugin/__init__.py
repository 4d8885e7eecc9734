"""
The pytest plug-in: recordings as fixtures, made on demand.

    entry.py           what pytest loads in every run: options, a marker, fixtures
    feeds_of_test.py   the feeds of one test, from start to end
    live_feed.py       a feed that is recorded
    record_modes.py    when that is done
    recordings.py      whether a recording is there, whole, and not too old
    recording_lock.py  one test at a time makes it
    network_block.py   no connections to other machines
    servers.py         the thread that all of it runs in
    report.py          what is shown when a test fails
"""
