"""
Record the raw WebSocket feeds of crypto venues, and replay them through a local mock venue.

    cli/       the command line
    testing/   recorded feeds as fixtures of tests
    batch/     the same work over many recordings
    processing/ what is done with recordings by the rules of their feeds
    recorder/  from a live connection to a recording
    replay/    from a recording to a mock venue
    export/    from recordings to what other tools read
    front/     what meets each connection to a server of ours: HTTP, or a WebSocket
    admission/ who may connect to a server of ours
    feeds/     the protocol of each venue
    formats/   recordings on disk
    http_messages.py  HTTP requests and answers
    live_messages.py  what a recorder and those who serve its feeds live tell each other
    spelling.py  what a name that is unknown may have meant, a few of many
    visible.py  text in which every control character is visible
    times.py   times and speeds as people write them
    threads.py  threads that do the slow part of something
    lazy.py    packages that import what they offer when it is first used
    model.py   header, frame, event, time: the types that all other parts share
    errors.py  every error that feedrec raises on purpose
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
