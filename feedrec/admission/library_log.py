"""What the websockets library logs, as single lines of our own log."""

from __future__ import annotations

import logging

from .log_limit import LogLimit

__all__ = ["library_log"]

_log = logging.getLogger("feedrec.replay")


def library_log() -> logging.Logger:
    """Return the logger for the library, whose lines become some of our own log, each a single one."""
    logger = logging.getLogger("feedrec.replay.websockets")
    logger.setLevel(logging.WARNING)  # below that, the library logs every frame
    if not logger.filters:
        logger.addFilter(_OneLineEach())
    return logger


class _OneLineEach(logging.Filter):
    """
    Turns what the library logs into single lines of our own log.

    The library logs a failed handshake as an error with a traceback; for a mock venue, a port scan or a browser is not
    an error. The text of the error is left out: it may quote what the client sent, secrets included.
    """

    def __init__(self) -> None:
        super().__init__()
        self._limit = LogLimit(_log, "failed handshakes", at_once=20, per_second=1.0)

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        reason = "" if error is None else f": {_kinds(error)}"
        self._limit.log(logging.INFO, "%s%s", record.getMessage(), reason)
        return False


def _kinds(error: BaseException) -> str:
    """Name the kinds of an error and of what caused it."""
    cause = error.__cause__
    return type(error).__name__ + (f" ({_kinds(cause)})" if cause is not None else "")
