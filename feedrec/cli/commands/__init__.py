"""
The commands, one module each: parse, call one function, print.

    record.py   record a live feed
    proxy.py    pass connections on, and record them
    replay.py   serve a recording to clients
    view.py     show recordings in the browser
    cat.py      print a recording
    book.py     print an order book as of any moment
    info.py     summarise recordings
    convert.py  change format, merge, cut, filter
    export.py   write what other tools read
    verify.py   check that recordings are intact
    repair.py   save what can be saved
    feeds.py    list endpoints and channels
    demo.py     replay and record, offline
    folders/    those about all recordings of a folder or a bucket
"""
