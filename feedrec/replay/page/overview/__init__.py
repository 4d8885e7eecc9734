"""
Frames over time, and marks of what happened.

    overview.py      both, for a span of time
    block_counts.py  frames as indexes and summaries tell them
    marks.py         what events and summaries tell that happened
    reading.py       what only reading tells, a piece at a time
"""
