"""
What is done with recordings by the rules of their feeds: for a command, and for a task of a batch.

    feed_rules.py   what a feed knows about recorded frames
    selecting.py    records by channel, product and time, with the names that a feed has for them
    rewriting.py    what is changed in frames
    checkpoints.py  the checkpoints beside recordings
    summarising.py  the figures of recordings
    exporting.py    what recordings tell, as files of other tools

`formats` and `export` know no venue, and take as parameters what they need to know of one: here it is filled in.
Whatever is heavy is imported when it is used.
"""
