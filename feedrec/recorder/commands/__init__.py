"""
Commands of the user that a recorder runs when something happened: without a shell, one at a time, for so long at most.

    command.py      a command line that was split once, and its placeholders
    environment.py  what a command finds in its environment
    process.py      one process from its start to its end, whatever it does
    runner.py       those that wait, one after another, and how they ended
"""
