"""
What the REST halves of all venues stand on: the requests that a venue's clients send beside its WebSocket.

    candles.py       candles made of trades
    currencies.py    money
    half.py          what every REST half provides, and what it is given
    increments.py    the steps of prices and sizes, as those that were seen show them
    json_answers.py  answers of JSON
    seen_numbers.py  numbers that were seen, such as the ids of trades
"""

from __future__ import annotations

from .half import GUESSED, Market, Refused, RestHalf, rest_half_of

__all__ = ["GUESSED", "Market", "Refused", "RestHalf", "rest_half_of"]
