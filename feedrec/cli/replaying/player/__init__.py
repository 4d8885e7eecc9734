"""
A replay in front of a person: keys that steer it, and a line that tells where it is.

    player.py       the keys and the line together, while a replay runs
    keyboard.py     the terminal that keys come from, and goes back as it was
    key_parser.py   which keys were pressed, by the bytes of a terminal
    orders.py       what each key asks for, and what several ask for together
    carrying_out.py what is asked for, as calls of the steering
    player_line.py  the line
"""
