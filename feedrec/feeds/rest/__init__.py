"""
What the REST halves of all venues stand on: the requests that a venue's clients send beside its WebSocket.

    half.py  what every REST half provides, and what it is given
"""

from __future__ import annotations

from .half import GUESSED, Market, RestHalf, rest_half_of

__all__ = ["GUESSED", "Market", "RestHalf", "rest_half_of"]
