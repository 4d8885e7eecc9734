"""
Groups of options of `feedrec replay`.

    play_options.py    what is played, and when
    venue_options.py   how the venue behaves, and the keys for it
    server_options.py  who may connect, and for how long
"""
