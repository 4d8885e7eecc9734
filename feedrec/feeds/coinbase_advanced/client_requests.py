"""What a client of Advanced Trade asks for."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..decoding import decoder_of

__all__ = ["Request", "parse_request"]


class Request(msgspec.Struct, frozen=True):
    """
    A message that subscribes or unsubscribes one channel.

    Attributes:
        type: Which of the two.
        channel: As the client wrote it.
        product_ids: As the client wrote them; None and an empty list mean the same.
        jwt: What proves who the client is; of any type, for it was not checked.

    """

    type: Literal["subscribe", "unsubscribe"]
    channel: str = ""
    product_ids: list[str] | None = None
    jwt: Any = None

    @property
    def products(self) -> list[str]:
        """Each product once, in order."""
        return list(dict.fromkeys(self.product_ids or ()))


parse_request = decoder_of(Request)
"""Reads a message; None if it is not such a request."""
