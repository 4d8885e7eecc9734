"""
What `feedrec convert` consists of: what its options mean.

    rewriting.py  what is changed in frames
"""
