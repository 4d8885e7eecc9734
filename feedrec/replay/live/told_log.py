"""The log of a process that serves: the recorder writes it, as its own."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ...live_messages import Logged, told_line

__all__ = ["ToldLog"]


class ToldLog(logging.Handler):
    """
    Tells the recorder what is logged.

    Args:
        tell: Sends it a line.

    """

    def __init__(self, tell: Callable[[bytes], object]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one; see `logging.Handler`."""
        try:
            self._tell(told_line(Logged(record.levelno, record.getMessage())))
        except Exception:  # noqa: BLE001  as every handler does
            self.handleError(record)
