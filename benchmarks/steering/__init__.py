"""
How quick a replay is that people steer and look at.

    seek.py         from a seek to the first frame of a client
    seek_server.py  the replay
    view.py         how soon the page of a large recording shows something
    browser.py      a browser that shows a page
"""
