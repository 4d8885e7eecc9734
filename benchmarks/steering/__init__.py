"""
How quick a replay is that people steer.

    seek.py         from a seek to the first frame of a client
    seek_server.py  the replay
"""
