"""
Who may connect to a local server, and how much of it is told: for the replay, and for the recording proxy.

    handshakes.py      whom the server lets in
    allowed_hosts.py   whether a web page may connect
    listening.py       the address that is listened on
    bearer_token.py    a secret that requests bring along
    token_bucket.py    so much at once, and so much a second
    log_limit.py       log lines that a client can cause
    failure.py         what is said of a bug that a client ran into
    library_log.py     what the websockets library logs
"""
