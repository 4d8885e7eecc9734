"""
Several recordings at once.

    folder.py  finds recordings in folders
    merge.py   merges their lines by time
    inputs.py  what is known about each; reading them as one
    clocks.py  how their clocks are related
"""
