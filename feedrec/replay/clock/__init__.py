"""
Recorded time and real time.

    time_types.py    wall, steady and monotonic time, as different types
    schedule.py      when a recorded moment is due
    shared_clock.py  one time for all clients
    timing.py        how time passes for a client
    lateness.py      how late frames were
"""
