"""
The state of a market at a place of a recording, as frames that another file begins with.

    gathered_state.py  the state that frames lead to, and its snapshots
    carried_state.py   the state at the end of a file, beside it, for the file that goes on from there
    inserting.py       has a finished file begin with it
"""
