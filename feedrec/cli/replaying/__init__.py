"""
What `feedrec replay` consists of, besides the server.

    options/       its options, by what they are about
    recordings.py  which recordings are replayed, and what of them
    serving.py     until when it serves
    report.py      how it went, and the exit code
    dialogue.py    `--mode dialogue`
    tls.py         its certificate
"""
