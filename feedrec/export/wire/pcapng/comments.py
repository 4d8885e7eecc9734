"""What a recording tells beside frames, as comments of packets: lines for people. Pure."""

from __future__ import annotations

import msgspec

from ....model import Event, Frame, Header, format_time
from ....visible import with_escapes, with_json_escapes

__all__ = ["of_event", "of_frame", "of_recording"]

_FLAGS = {
    "redacted": "redacted: secrets were replaced",
    "synthetic": "synthetic: rebuilt from other frames, not sent by the venue",
    "unverified": "unverified: salvaged from a damaged block",
    "rewritten": "rewritten: changed on purpose after it was recorded",
}


def of_recording(header: Header) -> str:
    """Return what a recording is of."""
    created = f", created {format_time(header.created)}" if header.created else ""
    by = f" by {header.software}" if header.software else ""
    text = (
        f"{header.endpoint} {header.url}{created}{by}. Addresses, ports, handshakes and acknowledgements are made up; "
        "frames and their times are as recorded."
    )
    return with_escapes(text)


def of_event(event: Event) -> str:
    """Return an event: its time, connection, name, and what else it says."""
    where = "" if event.conn is None else f" connection {event.conn}"
    said = ", ".join(f"{name} {_value(value)}" for name, value in event.details.items())
    return with_escapes(f"{format_time(event.time)}{where} {event.name}{': ' if said else ''}{said}")


def of_frame(frame: Frame) -> list[str]:
    """Return what is unusual about a frame."""
    if not (frame.redacted or frame.synthetic or frame.unverified or frame.rewritten):
        return []
    return [text for name, text in _FLAGS.items() if getattr(frame, name)]


def _value(value: object) -> str:
    return value if isinstance(value, str) else with_json_escapes(msgspec.json.encode(value).decode())
