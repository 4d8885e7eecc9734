"""
Commands about all recordings of a folder or a bucket.

    ls.py     list them by their indexes
    ship.py   send those that are finished to a bucket
    batch.py  do the same with all of them
"""
