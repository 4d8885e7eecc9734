"""
Recordings on disk.

    formats.py  sizes, reading, seeking, memory
"""
