"""
What `feedrec replay` consists of, besides the server.

    dialogue.py  `--mode dialogue`
    tls.py       its certificate
"""
