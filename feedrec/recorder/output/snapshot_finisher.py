"""
Has each file begin with the state that the file before it has led to, so that every file replays by itself.

A process does it, file after file: it puts the state at the end of the file before into this one, and keeps the state
at the end of this one beside it (`NAME.carried`) for the next. A file that no state goes before stays as it is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from ...formats.file.names import later_paths
from ...formats.tools.states.carried_state import remove_carried
from .finisher import DISK_FULL, PAUSE_OF_FULL_DISK, Finisher

__all__ = ["NO_STATE", "SnapshotFinisher"]

NO_STATE = 3
"""Exit code of the process where there is no telling the state, which it is no use to try again."""

_ATTEMPTS = 3
_PAUSE = 5.0  # seconds between them

log = logging.getLogger("feedrec")


class IsFollowed(Protocol):
    """Tells whether a file of the same run goes on from another one."""

    def __call__(self, path: Path, *, is_ending: bool) -> bool:
        """See `FileChain.is_followed`."""


class SnapshotFinisher(Finisher):
    """
    Puts states into finished files; see `Finisher`.

    Args:
        before: Returns the file of the same run that goes before one; None if none does.
        is_followed: Returns whether a file of the same run goes on from one, or may yet, unless the run is ending.
        wait: Waits so many seconds, or less if the event is set.

    """

    main = "feedrec.cli.recording.snapshot_process:main"
    step = "snapshot"

    def __init__(
        self,
        before: Callable[[Path], Path | None],
        is_followed: IsFollowed,
        wait: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        super().__init__()
        self._before, self._is_followed = before, is_followed
        self._wait_for = wait
        self._is_ending = threading.Event()
        self._carried: set[Path] = set()  # files whose state no other one has taken yet

    def finish(self) -> None:
        """Wait until all are done; Ctrl-C ends the wait, and the next recorder goes on from there."""
        self._is_ending.set()
        self._wait("writing the state at the beginning of %s")
        if self._gives_up:
            return
        for path in self._carried:  # nothing goes on from the last file of a run
            remove_carried(path)

    def give_up(self) -> None:
        """Forget what waits, and end what is being done; the files stay as they are."""
        super().give_up()
        self._is_ending.set()

    def _finish_one(self, path: Path) -> None:
        before = self._before(path)
        carries = self._is_followed(path, is_ending=self._is_ending.is_set())
        code, said = self._try([str(path), "" if before is None else str(before), "carry" if carries else ""])
        if code == DISK_FULL and not self._gives_up:
            log.warning(
                "%s, and what follows it, waits for the next recorder to begin it with the state: %s", path, said
            )
            self.give_up()
        if self._gives_up:
            return
        if code:
            log.warning("%s does not begin with the state of the market: %s", path, said)
        self._carried -= {before}
        if carries:
            self._carried.add(later_paths(path)[-1])
        self.then(path)

    def _try(self, arguments: Sequence[str]) -> tuple[int, str]:
        """
        Run the process until it has succeeded, or there is no use.

        A full disk is waited for: without the state of one file, no later one has any.
        """
        attempts, has_told = 0, False
        while True:
            code, said = self._run(arguments)
            is_full = code == DISK_FULL
            attempts += not is_full
            if code in {0, NO_STATE} or attempts == _ATTEMPTS or self._gives_up:
                return code, said
            if is_full and self._is_ending.is_set():
                return code, said
            if is_full and not has_told:
                has_told = True
                log.warning("%s waits to begin with the state of the market: %s", arguments[0], said)
            self._wait_for(self._is_ending, PAUSE_OF_FULL_DISK if is_full else _PAUSE)
