"""
Several recordings at once.

    folder.py        finds recordings in folders
    merge.py         merges their lines by time
    inputs.py        what is known about each; their common header
    glance.py        what a finished one says of itself
    continued.py     which of them go on from others of them
    clocks.py        how their clocks are related
    common_clock.py  one clock for recordings of different machines
    joined_files.py  the files of what is made of them
"""
