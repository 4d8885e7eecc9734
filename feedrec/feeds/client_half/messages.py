"""Requests to a venue, signed and redacted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ..base import Message
from ..redaction import redact_message

__all__ = ["request_message"]


def request_message(fields: Mapping[str, Any], proof: Mapping[str, Any] | None = None) -> Message:
    """Return a request as JSON; `proof` is what proves who the client is, which is sent but not recorded."""
    if proof is None:
        return Message(msgspec.json.encode(fields))
    signed = msgspec.json.encode({**fields, **proof})
    return Message(signed, redacted=redact_message(signed))
