"""
What `feedrec replay` consists of, besides the server.

    options/       its options, by what they are about
    recordings.py  which recordings are replayed, and what of them
    serving.py     until when it serves
    control.py     how programs steer it
    report.py      how it went, and the exit code
    player/     keys that steer it, and a line that tells where it is
    dialogue.py    `--mode dialogue`
    tls.py         its certificate
"""
