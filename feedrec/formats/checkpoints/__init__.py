"""
Checkpoints: the state of a market at some places of a recording, in a file beside it.

    source.py        what is written down, by whose rules, and how often
    identity.py      which file of a recording it is about
    state_layout.py  the bytes of that file
    state_file.py    the file: read as far as needed, written as a whole
    aside.py         a file that gets its name when it is whole
    chain.py         the files of a recording on which the state of a later one depends
    state_pass.py    the state as it is gathered from them
    making.py        makes the checkpoints of a recording
    checking.py      compares checkpoints with their recording
"""
