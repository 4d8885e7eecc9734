"""What a client of CoinMarketCap asks for."""

from __future__ import annotations

from typing import Any

import msgspec

from ..decoding import decoder_of

__all__ = ["Request", "parse_request"]


class Request(msgspec.Struct, frozen=True):
    """
    A message of a client; what it lacks is None, and what it has can be of any type.

    Attributes:
        method: What to do.
        channel: The channel.
        params: The parameters.
        echoed: Its `id`, `channel` and `params`, byte for byte.

    """

    method: Any = None
    channel: Any = None
    params: Any = None
    echoed: dict[str, msgspec.Raw] = {}


_decode_values = decoder_of(dict[str, Any])
_decode_fields = decoder_of(dict[str, msgspec.Raw])


def parse_request(message: bytes) -> Request | None:
    """Read a message; None if it is not a JSON object."""
    values, fields = _decode_values(message), _decode_fields(message)
    if values is None or fields is None:
        return None
    echoed = {name: fields[name] for name in ("id", "channel", "params") if values.get(name) is not None}
    return Request(values.get("method"), values.get("channel"), values.get("params"), echoed)
