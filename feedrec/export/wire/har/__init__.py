"""
Recordings as HTTP archives (HAR 1.2), which browsers and proxies show.

    spool.py       what is to be written later, by whom it belongs to, in a file without a name
    entries.py     the pieces of JSON that an archive consists of
    har_export.py  all of it, for recordings
"""
