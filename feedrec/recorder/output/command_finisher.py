"""
The command of the user that is run for each finished file, in their order.

Whatever it does with the file, the recording goes on. One that fails is run again, after longer and longer pauses; no
file has its turn before the one before it has succeeded. What has not succeeded at the end of the run waits, with its
mark, for the next one.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...errors import RecordingError
from ..commands.runner import CommandRunner
from .finisher import Finisher

__all__ = ["CommandFinisher"]

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds between a failure and the next attempt: the first one, doubled each time, up to the other one."""

log = logging.getLogger("feedrec")


class CommandFinisher(Finisher):
    """
    Runs a command for one file after another; see `Finisher`.

    Args:
        runner: Runs it.
        told: Returns what it is told of a file: a value for each placeholder.
        is_wanted: Returns whether it is still to be run for a file.
        wait: Waits so many seconds, or less if the event is set.

    Attributes:
        runner: As given.
        failed: Files for which it has not succeeded when the run ended, in order.

    """

    step = "on-rotate"

    def __init__(
        self,
        runner: CommandRunner,
        told: Callable[[Path], Mapping[str, Any]],
        is_wanted: Callable[[Path], bool] = lambda path: True,  # noqa: ARG005
        wait: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        super().__init__()
        self.runner, self._told, self._is_wanted = runner, told, is_wanted
        self._wait_for = wait
        self._is_ending = threading.Event()
        self.failed: list[Path] = []

    def finish(self) -> None:
        """
        Wait until it was run for all; what fails now is left to the next run. Ctrl-C ends the wait, and the command.

        Raises:
            RecordingError: If it has not succeeded for all.

        """
        self._is_ending.set()
        self._wait("running the command for %s")
        if self.failed:
            number = len(self.failed)
            others = f", nor for {number - 1} after it" if number > 1 else ""
            reason = f"the --on-rotate command has not succeeded for it{others}: the next recorder runs it again"
            raise RecordingError(self.failed[0], reason)

    def give_up(self) -> None:
        """Forget what waits, and end the command; the files stay as they are."""
        super().give_up()
        self._is_ending.set()
        self.runner.give_up()

    def _finish_one(self, path: Path) -> None:
        pause = FIRST_PAUSE
        while not self._gives_up:
            if not self._is_wanted(path):
                log.info("%s: the command is not run any more, since the mark is gone", path)
            elif not os.path.lexists(path):
                log.warning("%s is gone: the command is not run for it", path)
            else:
                was_ending = self._is_ending.is_set()
                if self.failed or not self._succeeds(path):
                    if was_ending:
                        self.failed.append(path)
                        return
                    self._wait_for(self._is_ending, pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                    continue
            self.then(path)
            return

    def _succeeds(self, path: Path) -> bool:
        event = self._told(path)
        values = {name: "" if value is None else str(value) for name, value in event.items()}
        return self.runner.run(values, event).failure is None
