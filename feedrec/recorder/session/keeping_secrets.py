"""A run during which no secret of it reaches a log or an error, and that tells which redaction matched nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from ...errors import FeedrecError
from ...feeds.redaction import Redaction
from ..output.counting_writer import Counts

__all__ = ["UNMATCHED_AFTER", "keeping_secrets", "without_secrets"]

UNMATCHED_AFTER = 60.0
"""Seconds after which what was to be redacted and has not been found is reported."""

log = logging.getLogger("feedrec")

_LOGGERS = (log, logging.getLogger("asyncio"))


@contextlib.contextmanager
def keeping_secrets(redaction: Redaction, counts: Counts) -> Iterator[None]:
    """
    Keep the secrets of a run out of every line of the log while it lasts, and of what asyncio logs.

    Args:
        redaction: What is secret.
        counts: The figures of the run.

    """
    lines = _SecretFilter(redaction)
    for logger in _LOGGERS:
        logger.addFilter(lines)
    loop = asyncio.get_running_loop()
    later = loop.call_later(UNMATCHED_AFTER, _report_unmatched, redaction, counts)
    try:
        yield
    finally:
        if loop.time() < later.when():
            _report_unmatched(redaction, counts)
        later.cancel()
        for logger in _LOGGERS:
            logger.removeFilter(lines)


def without_secrets(error: BaseException, redaction: Redaction) -> BaseException:
    """Return what ended a run, or if that is a fault of feedrec whose text has a secret, an error without it."""
    if isinstance(error, FeedrecError) or redaction.text(str(error)) == str(error):
        return error
    return RuntimeError(f"{type(error).__name__}: {redaction.text(str(error))}")


class _SecretFilter(logging.Filter):
    """Takes what is secret out of every line, before any handler has it."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redaction.text(record.getMessage()), ()
        return True


def _report_unmatched(redaction: Redaction, counts: Counts) -> None:
    if counts.connections:  # else nothing was sent
        for name in redaction.unmatched:
            log.warning("redact %s: nothing that was sent, no address and no header has it: check its spelling", name)
