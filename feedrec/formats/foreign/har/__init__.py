"""
HTTP archives (HAR), with the messages of WebSockets as Chrome, Playwright, mitmproxy and feedrec write them.

    har_source.py   such a file as records
    document.py     the document, also if it is cut off
    connections.py  an entry that is a WebSocket
    requests.py     an entry that is a request and its answer
"""
