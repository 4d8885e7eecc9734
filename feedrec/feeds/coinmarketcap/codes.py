"""
The codes with which the venue refuses, and what a person can do about it.

Codes, categories, messages and reasons are from the tables in "WebSocket (Beta) Overview", 2026; which of them are
worth a retry, and the advice, are feedrec's own.
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["CLOSE_CODES", "ERROR_CODES", "CloseCode", "ErrorCode", "Remedy"]

Remedy = Literal["none", "leave out", "ask again"]
"""`none`: the run must end. `leave out`: the run goes on without what was refused. `ask again`: the venue failed."""


class ErrorCode(msgspec.Struct, frozen=True):
    """
    An error of the venue.

    Attributes:
        category: As in its `status`.
        message: Its `error_message`.
        advice: What to do, for people.
        remedy: What the client half does.

    """

    category: str
    message: str
    advice: str
    remedy: Remedy = "none"


class CloseCode(msgspec.Struct, frozen=True):
    """
    A reason for which the venue closes a connection.

    Attributes:
        reason: As documented.
        meaning: When it does that, for people.
        error: The error code that it stands for, if any; if there is none, a reconnect is worthwhile.

    """

    reason: str
    meaning: str
    error: str | None = None


_OUR_FAULT = "it does not understand what feedrec sends; check for a newer version"
_ACCOUNT = "see your account at pro.coinmarketcap.com"

ERROR_CODES = {
    "1001": ErrorCode("AUTH", "This API Key is invalid.", "check CMC_PRO_API_KEY or the key file"),
    "1002": ErrorCode("AUTH", "API key missing.", "set CMC_PRO_API_KEY, or give a key file"),
    "1003": ErrorCode("AUTH", "Your API Key must be activated.", f"activate it: {_ACCOUNT}"),
    "1004": ErrorCode("AUTH", "Your API Key subscription plan has expired.", f"renew it: {_ACCOUNT}"),
    "1006": ErrorCode("AUTH", "Your plan does not support this endpoint.", "take the Startup plan or one above it"),
    "1007": ErrorCode(
        "AUTH", "This API Key has been disabled. Please contact support.", "use another key, or ask their support"
    ),
    "1010": ErrorCode("AUTH", "Monthly credit limit exceeded.", "wait for the next month, or take a larger plan"),
    "2201": ErrorCode("PROTOCOL", "Invalid request format.", _OUR_FAULT, "leave out"),
    "2202": ErrorCode("PROTOCOL", "Unknown method.", _OUR_FAULT, "leave out"),
    "2203": ErrorCode(
        "PROTOCOL", "Message length is not right.", "name fewer ids or addresses in one subscription", "leave out"
    ),
    "2204": ErrorCode("PROTOCOL", "Missing required field.", _OUR_FAULT, "leave out"),
    "2301": ErrorCode("PROTOCOL", "Channel does not exist.", "check the name of the channel", "leave out"),
    "2302": ErrorCode(
        "PROTOCOL", "Channel not available on your plan.", "leave it out, or take a larger plan", "leave out"
    ),
    "2303": ErrorCode(
        "PROTOCOL", "Subscription limit reached.", "put more ids or addresses into each subscription", "leave out"
    ),
    "2304": ErrorCode("PROTOCOL", "Connection limit reached.", "close other connections that use this API key"),
    "2401": ErrorCode("PROTOCOL", "Missing required param for channel.", "check the channel's parameters", "leave out"),
    "2402": ErrorCode("PROTOCOL", "Invalid param for channel.", "check the channel's parameters", "leave out"),
    "5001": ErrorCode("SERVER", "Internal server error.", "it is asked again", "ask again"),
}
"""By `error_code`, which is text on the wire."""

CLOSE_CODES = {
    1000: CloseCode("Normal close", "one side is done"),
    1001: CloseCode("Write idle timeout", "nothing was sent for too long"),
    1011: CloseCode("Send failure", "the venue could not push a message"),
    1012: CloseCode("Frame sink cancellation", "an internal error of the venue"),
    1013: CloseCode("Close topic signal", "the venue shuts the channel down"),
    1014: CloseCode("Unknown close reason", "the venue does not say why"),
    4004: CloseCode("Connection limit", "too many connections with this API key", "2304"),
    4100: CloseCode("API key invalid", "the API key was refused", "1001"),
    4101: CloseCode("API key disabled", "the API key is disabled", "1007"),
    4102: CloseCode("Plan not support WS", "the plan has no WebSocket access", "1006"),
}
"""By the code of the close frame."""
