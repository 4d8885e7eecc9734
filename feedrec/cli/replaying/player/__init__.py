"""
A replay in front of a person: keys that steer it, and a line that tells where it is.

    key_parser.py   which keys were pressed, by the bytes of a terminal
    orders.py       what each key asks for, and what several ask for together
"""
