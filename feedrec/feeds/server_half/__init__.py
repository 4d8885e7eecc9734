"""
What the server halves of all venues stand on, and what a server half from another package may stand on.

    subscribing.py  a server half that gives a client what it subscribed, snapshots first
    settings.py     what is not known of a venue
    products.py     which products a venue has
"""

from __future__ import annotations

from .products import VenueProducts
from .settings import read_settings
from .subscribing import SubscribingServer, send_json

__all__ = ["SubscribingServer", "VenueProducts", "read_settings", "send_json"]
