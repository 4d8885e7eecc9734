"""
Finishes what killed recorders have left of a feed: files with its names that are not finished, and that nobody writes.

A process with low priority does so, as `feedrec repair` would. What is damaged stays as it is, under its `.part` name.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from ...formats.file.lock import is_being_written
from ...formats.file.names import finished_path
from ...formats.file.naming.file_naming import FileNaming
from ..output.finisher import Finisher
from .named_files import NamedFiles

__all__ = ["LeftoverFinisher", "left_over"]

log = logging.getLogger("feedrec")


def left_over(naming: FileNaming) -> list[Path]:
    """
    Return the files with names of a naming that are not finished, nor being written, in the order of their names.

    Look before the first file is begun. A journal is not finished before it is Parquet. What is empty, as at its very
    beginning, has nothing to finish.
    """
    found = [file for file in NamedFiles(naming).look() if not file.is_finished and file.size]
    return [file.path for file in found if not is_being_written(file.path)]


class LeftoverFinisher(Finisher):
    """
    Finishes `.part` files that were left over; see `Finisher`.

    Args:
        endpoint: The endpoint that they must be of.

    Attributes:
        stayed: Those that are damaged, or could not be finished.

    """

    main = "feedrec.cli.recording.finish_leftover:main"
    step = "left over"

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = endpoint
        self.stayed: list[Path] = []

    def finish(self) -> None:
        """Wait until all are finished; Ctrl-C ends the wait, and they stay for the next recorder."""
        self._wait("finishing what was left over: %s")

    def _finish_one(self, path: Path) -> None:
        code, said = self._run([self._endpoint, os.fspath(path)])
        finished = finished_path(path)
        if code == 0:
            log.info("finished %s, which an earlier recorder left", finished)
            self.then(finished)
        elif not self._gives_up and os.path.lexists(path) and not is_being_written(path):  # else another one does it
            self.stayed.append(path)
            text = (
                "%s, which an earlier recorder left, stays as it is (%s): feedrec repair saves what can be read of it"
            )
            log.warning(text, path, said)
