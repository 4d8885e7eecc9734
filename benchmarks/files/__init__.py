"""
Recordings on disk.

    formats.py  sizes, reading, seeking, memory
    tools.py    verify, repair, convert
"""
