"""
What the market is now, for clients that come late: known by a process of its own, which takes in every recorded frame.

    state_messages.py  what the serving process and that one say to each other
    asking.py          the end of the serving process: asks, and has clients wait

The recorder gives both processes the same lines under the same numbers, so that an answer can say as of which number it
is, and the client goes on with what comes after.
"""
