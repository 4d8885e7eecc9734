"""
What replaying costs, and how late it is.

    replay.py            throughput of `feedrec replay --speed max`
    lateness.py          how late frames are
    captures.py          real captures at the speed of recording
    shared_clients.py    what ten clients cost that have one timeline
    late_book.py         how late they are while another client subscribes late to a deep book
    late_state.py        the state that a client gets deep in a recording
    late_client.py       that client
    late_server.py       the replay to both
    requests.py          how late they are while others ask over HTTP
    requests_client.py   those
    two_clients.py       how late they are for two clients with snapshots of 5 MB
    two_server.py        the replay to both
    fan_out.py           what 1, 10 and 100 clients cost, and how late their frames are
    broadcast_server.py  its baseline
"""
