"""
What `feedrec convert` consists of: what its options mean.

    deduplicating.py  several recordings of the same feed
    importing.py      files of other tools
    inputs.py         what is read
    report.py         what is said of the result
    target.py         where it is written
"""
