"""
A connection that must be left, and the one that takes its place before it is closed.

    rules.py      when the old one may be closed
    reasons.py    why a connection is left
    replacing.py  opening the new one, and closing the old one
"""
