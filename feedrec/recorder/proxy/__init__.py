"""
The recording proxy: a local server that passes an application's own connections on, and records them.

    server.py         listens, and starts a relay for each client
    relay.py          one client and its venue: what is passed on, and how both end
    receivers.py      what arrives on either side of a relay: passed on, and recorded
    legs.py           the two WebSockets of a relay
    http_relay.py     plain HTTP: passed on, and recorded
    answer_budget.py  how much memory its answers take
    handshake.py      which headers and which address go on
    lossy_writer.py   a recording that may lose frames, so that no connection has to wait for a disk
    options.py        where it listens, and what it records

A relay holds nothing back: it parses frames to record them, and passes their bytes on in the same step.
"""

from .options import ProxyOptions, source_to
from .server import RecordingProxy

__all__ = ["ProxyOptions", "RecordingProxy", "source_to"]
