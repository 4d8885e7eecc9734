"""
What the server halves of all venues stand on, and what a server half from another package may stand on.

    subscribing.py     a server half that gives a client what it subscribed, snapshots first
    settings.py        what is not known of a venue
    in_front.py        a server half in front of another one
    recorded.py        which messages are a recorded frame
    beyond.py          clients who ask for more, or read less
    closing.py         any venue that closes a connection in the middle
    rate_limits.py     how fast one address may connect and send
    venue_products.py  which products a venue has
"""

from __future__ import annotations

from .settings import describe_settings, read_settings
from .subscribing import SubscribingServer, send_json
from .venue_products import VenueProducts

__all__ = ["SubscribingServer", "VenueProducts", "describe_settings", "read_settings", "send_json"]
