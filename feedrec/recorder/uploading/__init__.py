"""
What a recorder ships while it records: each finished file, to a bucket.

    messages.py       what the process that uploads is asked, and what it answers
    upload_queue.py   what is uploaded next, and when it is tried again
    uploader.py       that process, started again whenever it is gone
    ship_finisher.py  the step of what is done with finished files
"""
