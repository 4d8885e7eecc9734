"""
Where recordings live: files here, objects in a store, what a web server gives.

    url_path.py      the URL of an object, in the place of a path
    protocol.py      what a place can do, what it says of an object, whether that has certain bytes
    opening.py       which place a path or URL is of
    protection.py    how a bucket is asked to keep what is written
    folder_store.py  a folder of this machine
    object_store.py  S3, Google, Azure and the web, by obstore
    clients.py       the clients of obstore that a store is used with
    settings.py      what the environment says of a store, and whose credentials are used
    asking.py        asking as often as it takes
    patience.py      how long a store is waited for, and how often it is asked
    faults.py        why a store failed, in a line
    whole_objects.py objects of servers that give no parts of them
    object_file.py   an object, read as if it were a file
    seen_objects.py  both ends of objects that were read lately
    read_ahead.py    how much is asked for at once

obstore is loaded when the first URL is used.
"""
