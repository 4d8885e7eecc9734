"""Which way a frame went, and what became of its connection, in the words of other tools. Pure."""

from __future__ import annotations

import msgspec

from ...errors import LineError
from ...model import Direction

__all__ = ["CLOSED", "OPENED", "direction_of"]

OPENED = "open"
CLOSED = "close"
"""What else a line may tell than a direction."""

_RECEIVED = ("<", "<-", "<<", "from_server", "in", "inbound", "incoming", "receive", "received", "recv", "rx")
_SENT = (">", "->", ">>", "out", "outbound", "outgoing", "send", "sent", "to_server", "tx")

_MEANINGS: dict[str, str] = {
    **dict.fromkeys(_RECEIVED, "in"),
    **dict.fromkeys(_SENT, "out"),
    **dict.fromkeys(("connect", "connected", "open", "opened"), OPENED),
    **dict.fromkeys(("close", "closed", "disconnect", "disconnected"), CLOSED),
}
"""As the client sees it: `recv` is what came from the venue. `<` and `>` are as wscat and websocat print them."""


def direction_of(text: bytes, field: str) -> Direction | str:
    """
    Return which way a frame went, `OPENED`, or `CLOSED`.

    Args:
        text: JSON text: a string, in which case does not matter.
        field: Where it stands, for the error.

    Raises:
        LineError: If it is no such word.

    """
    try:
        return _MEANINGS[msgspec.json.decode(text, type=str).strip().lower()]
    except (msgspec.DecodeError, KeyError):
        shown = text[:40].decode(errors="replace")
        raise LineError(
            f"its field {field!r} is no direction: {shown} is neither in, recv, received nor out, send, sent, "
            "nor connect or close"
        ) from None
