"""What a client of Advanced Trade asks for."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..steps import NOT_UNDERSTOOD

__all__ = ["Request", "parse_request"]


class Request(msgspec.Struct, frozen=True):
    """
    A message that subscribes or unsubscribes one channel.

    Attributes:
        type: Which of both.
        channel: As the client wrote it.
        product_ids: As the client wrote them; None and none mean the same.
        jwt: What proves who the client is; of any kind, for it was not checked.

    """

    type: Literal["subscribe", "unsubscribe"]
    channel: str = ""
    product_ids: list[str] | None = None
    jwt: Any = None

    @property
    def products(self) -> list[str]:
        """Each product once, in their order."""
        return list(dict.fromkeys(self.product_ids or ()))


_decode = msgspec.json.Decoder(Request).decode


def parse_request(message: bytes) -> Request | None:
    """Read a message; None if it is none."""
    try:
        return _decode(message)
    except NOT_UNDERSTOOD:
        return None
