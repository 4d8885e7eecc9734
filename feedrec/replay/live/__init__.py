"""
Feeds that are being recorded, served to many at once: two processes beside the recorder, which gives both the same.

The serving process has the clients; the other one knows the state of the market, for those who come later.

    serve_process.py  the serving process
    recorder_link.py  its socket to the recorder
    live_server.py    listens, and gives what the recorder sends to those it is for
    live_endpoint.py  an endpoint: what is recorded of it, and its clients
    live_frames.py    lines to frames, once for all clients
    live_clock.py     how the venue's clock differs from the recorder's
    live_client.py    one client
    delivery.py       the frames that it gets, now or later
    wishes.py         what clients ask for beyond what is recorded
    states/           what the market is now, for clients that come late
    private_folder.py where the socket between both processes is
    told_log.py       the log of such a process, which the recorder writes
"""
