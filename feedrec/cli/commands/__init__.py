"""
The commands, one module each: parse, call one function, print.

    record.py   from a venue to a file             replay.py   from a file to clients
    cat.py      the frames, one a line             info.py     what is in a recording
    convert.py  to another format, cut, filtered   verify.py   whether a recording is whole
    repair.py   what can be saved of one           feeds.py    the catalogue of endpoints
    demo.py     the whole thing, offline
"""
