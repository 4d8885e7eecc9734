"""Keeping secrets out of the messages that are written down."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

__all__ = ["REDACTED", "SECRET_KEYS", "redact_message"]

REDACTED = "[redacted]"
"""What replaces a secret in a recording, a log or an error."""

SECRET_KEYS = ("jwt", "signature", "key", "passphrase")
"""Keys of a client's messages whose values are secret (docs.cdp.coinbase.com, WebSocket authentication pages)."""

_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


def redact_message(payload: bytes, keys: Collection[str] = SECRET_KEYS) -> bytes:
    """
    Return a message as it may be recorded: at any depth, the values of `keys` are `"[redacted]"`.

    All other values stay as they are written, digit for digit; spaces between them do not. A message that cannot
    contain any of the keys is returned unchanged. If it may contain one and is not JSON, there is no telling where the
    value ends, so all of the text is redacted.
    """
    # Escapes can hide a key.
    if b"\\" not in payload and not any(key.encode() in payload for key in keys):
        return payload
    try:
        msgspec.json.decode(payload)  # all of it: what is kept raw is not checked
        return _redact(payload, frozenset(keys))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.json.encode(REDACTED)


def _redact(value: bytes, keys: frozenset[str]) -> bytes:
    # Objects and arrays are always written anew: of a duplicate key, only the last value is seen.
    value = value.strip()
    if value.startswith(b"{"):
        fields = {
            name: msgspec.json.encode(REDACTED) if name in keys else _redact(bytes(inner), keys)
            for name, inner in _decode_object(value).items()
        }
        return msgspec.json.encode({name: msgspec.Raw(inner) for name, inner in fields.items()})
    if value.startswith(b"["):
        return msgspec.json.encode([msgspec.Raw(_redact(bytes(item), keys)) for item in _decode_array(value)])
    return value
