"""What an application sends that feedrec passes on, as it is recorded: without its secrets, however long it is."""

from __future__ import annotations

import json
import logging

from ..feeds.redaction import REDACTED, Redaction

__all__ = ["LONGEST_SEARCHED", "as_recorded"]

LONGEST_SEARCHED = 1 << 18
"""Bytes of a message of a client in which each value is looked at, at about 1 MB/s; a longer one is all or nothing."""

log = logging.getLogger("feedrec")


def as_recorded(payload: bytes, redaction: Redaction) -> bytes:
    """Return a message as it is recorded; whatever fails at that, nothing is raised."""
    try:
        if len(payload) <= LONGEST_SEARCHED:
            return redaction.message(payload)
        if redaction.is_surely_open(payload):
            return payload
    except Exception as error:  # noqa: BLE001  the connection goes on; what was not understood is not shown
        log.warning("a message could not be searched for secrets (%r): it is not recorded", error)
    return json.dumps(REDACTED).encode()
