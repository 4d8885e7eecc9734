"""
What meets each TCP connection to a server of ours: it answers HTTP, and hands WebSockets over.

    fronts.py        all connections of a server until they are WebSockets: what they share, and how they end
    front.py         one of them, from its first byte on
    head.py          where a head ends, and whether it is a handshake
    exchange.py      one request and its answer, through h11
    turns.py         one request at a time, so that frames are not late
    plain_answer.py  the answer where only WebSockets are served
    answers_server.py  a server that only answers requests
"""
