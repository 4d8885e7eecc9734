"""
The outages that recordings tell of: when clients were disconnected, and how handshakes were answered then.

    plan.py              the outages of an endpoint, by time
    tracking.py          from what happened to connections to outages
    steps.py             what happened to the connections of a file, of which its index says where to look
    reading.py           the same of all files of an endpoint, as far as it is known by now
    endpoint_outages.py  how an endpoint answers handshakes
    client_outages.py    what an outage does to a client

Plan and tracking are pure. Times are steady times, as those of the timeline.
"""
