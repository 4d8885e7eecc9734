"""Signals while a recording runs: what ends it, and what has its configuration read again."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import Protocol

import click

from ..signals import ENDING

__all__ = ["Ending"]

log = logging.getLogger("feedrec")


class _Endable(Protocol):
    def stop(self) -> None:
        """End it."""

    def stop_now(self) -> None:
        """End it without waiting for anybody."""


class Ending:
    """
    Ends what records on signals: the first one asks it to stop, a second one does not wait for the venue.

    Args:
        session: What is ended.
        on_hangup: Is called at SIGHUP, which then ends nothing; None if it ends the recording, too.

    Attributes:
        interruption: What the program ends with after a second signal; None before.

    """

    def __init__(self, session: _Endable, on_hangup: Callable[[], object] | None = None) -> None:
        self.interruption: BaseException | None = None
        self._session, self._on_hangup = session, on_hangup
        self._is_stopping = False

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Handle the signals that end a program; not SIGHUP if it is ignored, as under nohup."""
        for number in ENDING:
            if number == signal.SIGHUP and self._on_hangup is not None:
                loop.add_signal_handler(number, self._on_hangup)
            elif number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._handle, loop, number)

    def _handle(self, loop: asyncio.AbstractEventLoop, number: int) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            if number == signal.SIGINT:
                log.info("finishing; press Ctrl-C again to stop immediately")
            self._session.stop()
            return
        self.interruption = KeyboardInterrupt() if number == signal.SIGINT else click.exceptions.Exit(128 + number)
        self._session.stop_now()
        for other in ENDING:
            if loop.remove_signal_handler(other):
                signal.signal(other, signal.SIG_DFL)
