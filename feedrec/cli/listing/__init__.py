"""
What `feedrec ls` consists of.

    looking.py   what is looked at, with progress
    table.py     recordings as a table for people
    facts.py     the same as JSON, and in all
"""
