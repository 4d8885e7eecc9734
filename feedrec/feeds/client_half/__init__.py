"""
What the client halves of all venues stand on, and what a client half from another package may stand on.

    subscribing.py    a client half that subscribes, follows the sequence and reports errors
    listed_acks.py    one whose acks list what is subscribed: the acks are compared with the requests
    messages.py       requests, signed and redacted
    notices.py        lost frames, missing subscriptions, errors
    subscriptions.py  adding to what is subscribed, and taking from it
"""

from __future__ import annotations

from .listed_acks import ListedAcksClient
from .messages import request_message
from .subscribing import RequestKind, SubscribingClient

__all__ = ["ListedAcksClient", "RequestKind", "SubscribingClient", "request_message"]
