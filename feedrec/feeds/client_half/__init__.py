"""
What the client halves of all venues stand on, and what a client half from another package may stand on.

    subscribing.py    a client half that subscribes, follows the sequence and reports errors; signed requests
    listed_acks.py    one whose acks list what is subscribed: the acks are compared with the requests
    notices.py        lost frames, missing subscriptions, errors
    subscriptions.py  adding to what is subscribed, and taking from it
"""

from __future__ import annotations

from .listed_acks import ListedAcksClient
from .subscribing import RequestKind, SubscribingClient, request_message

__all__ = ["ListedAcksClient", "RequestKind", "SubscribingClient", "request_message"]
