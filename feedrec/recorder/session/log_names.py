"""The name of a session before its log lines, so that the sessions of one program can be told apart."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar

__all__ = ["named_log_lines"]

_name: ContextVar[str] = ContextVar("feedrec_session", default="")


@contextlib.contextmanager
def named_log_lines(name: str) -> Iterator[None]:
    """Put a name, unless it is empty, before what feedrec logs in this task, and in those started in the block."""
    logging.getLogger("feedrec").addFilter(_add_name)  # at most once
    token = _name.set(name)
    try:
        yield
    finally:
        _name.reset(token)


def _add_name(record: logging.LogRecord) -> bool:
    if name := _name.get():
        record.feed = name  # for handlers that do not write lines for people
        record.msg, record.args = "%s: %s", (name, record.getMessage())
    return True
