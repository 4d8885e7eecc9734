"""
Recorded time and real time.

    time_types.py    wall, steady and monotonic time, as different types
    schedule.py      when a recorded moment is due
    silences.py      which recorded time takes no time
    tempo.py         how fast time passes for all clients, and whether it stands still
    shared_clock.py  one time for all clients
    shared_timer.py  one timer for all clients that wait for nothing else
    timing.py        how time passes for a client
    alarm.py         what wakes a sleeper early
    lateness.py      how late frames were
    start_gate.py    clients that wait for each other before their time begins
"""
