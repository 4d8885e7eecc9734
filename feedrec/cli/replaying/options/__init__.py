"""
Groups of options of `feedrec replay`.

    play_options.py    what is played, and when
    timing_options.py  for whom its time waits, and how late frames may be
    clock_options.py   what of recorded time passes, how, and what of it is told
    venue_options.py   how the venue behaves, and the keys for it
    fault_options.py   what goes wrong on purpose
    server_options.py  who may connect, and for how long
"""
