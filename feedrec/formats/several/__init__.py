"""
Several recordings at once.

    folder.py  those in a folder
    merge.py   their lines by time
    inputs.py  what is known of each, read as one
"""
