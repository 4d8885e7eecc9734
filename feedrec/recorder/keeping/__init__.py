"""
The files of earlier runs of a feed: those that are removed, and those that were left over.

    feed_key.py        which recordings are of the same feed
    named_files.py     finds files by their names
    file_ends.py       reads of files which feed they are of, and when they end
    believed_clock.py  the time by which they are old
    keep_rule.py       which are to be removed
    retention.py       removes them
    leftovers.py       finishes what was left over
"""
