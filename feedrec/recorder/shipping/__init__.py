"""
Finished recordings are shipped to a place: a bucket, or a folder of another disk.

    shipping_run.py    many recordings, several at once
    folder_content.py  what of a folder is shipped
    shipment.py        one recording and its checkpoints, checked there
    looking.py         whether it is still there
    removal.py         what was shipped is removed here, after another look there
    destination.py     where they go, and under which key
    delivery.py        how bytes become an object that is whole, and overwrites none
    safety.py          whether a store really overwrites none
    content.py         what a file consists of, in the checksums that stores tell
    comparing.py       whether an object there is the file here
    sent_file.py       the file that is sent: still the same, and not being written
    shipped_mark.py    the mark beside it that says so
    sweeping.py        what was left there by who was killed
"""
