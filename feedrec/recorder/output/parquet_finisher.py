"""
Parquet from a live feed: journals of lines, each turned into Parquet when it is finished.

A truncated Parquet file is worthless, so a recorder never writes one directly: it records `X.parquet.jsonl.zst`, and a
separate process, `feedrec repair`, makes `X.parquet` from that and then removes it. If this is interrupted, even by a
crash, the journal is still there, and the next recorder in the same folder, or `feedrec repair`, finishes the work.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from pathlib import Path

from ...errors import RecordingError
from ...formats.file.lock import is_at, is_being_written
from ...formats.file.names import is_journal, natural_key, table_path
from .finisher import Finisher

__all__ = ["ParquetFinisher", "leftover_journals"]

_POLL = 0.1
_WITH_LOSS = 3  # exit code of a repair that could not keep everything
_LOST = "a part of it cannot be read"

log = logging.getLogger("feedrec")


def leftover_journals(folder: Path) -> list[Path]:
    """
    Return the journals in a folder that are not being written, finished or not, in the order of their names.

    An empty journal, as at its very beginning, has nothing to finish.
    """
    try:
        found = [path for path in folder.iterdir() if is_journal(path) and _is_left(path)]
    except OSError:
        return []
    return sorted(found, key=lambda path: natural_key(path.name))


def _is_left(path: Path) -> bool:
    try:
        has_content = path.is_file() and path.stat().st_size > 0
    except OSError:  # it is gone
        return False
    return has_content and not is_being_written(path)


class ParquetFinisher(Finisher):
    """
    Turns journals into Parquet while the recording goes on; see `Finisher`.

    Args:
        overwrite: Whether existing Parquet files may be replaced.

    Attributes:
        failed: Journals of this run that could not be turned into Parquet; all of them still exist.

    """

    main = "feedrec.cli:main"
    step = "parquet"

    def __init__(self, *, overwrite: bool = False) -> None:
        super().__init__()
        self._overwrite = overwrite
        self._own: dict[Path, os.stat_result | None] = {}
        self.failed: list[Path] = []
        self._again: list[Path] = []  # those of them that may succeed later

    def add(self, path: Path) -> None:
        """Queue a journal of this run, from any thread; what is Parquet already has nothing to be done."""
        with contextlib.suppress(OSError):  # whatever has its name later is not taken for it
            self._own.setdefault(path, path.stat())
        self._own.setdefault(path, None)
        super().add(path)

    def add_leftover(self, journal: Path) -> None:
        """Queue a journal that another run left; a failure is only logged."""
        super().add(journal)

    def finish(self) -> None:
        """
        Wait until all are done, those that failed are tried once more; Ctrl-C ends the wait, and the journals stay.

        Raises:
            RecordingError: If one could not be turned into Parquet.

        """
        doing = "turning %s into Parquet"
        self._wait(doing)
        self._try_again()
        self._wait(doing)
        failed = [journal for journal in self.failed if os.path.lexists(journal)]  # others were finished elsewhere
        if failed:
            raise RecordingError(failed[0], "was not turned into Parquet: run feedrec repair to finish it")

    def _finish_one(self, path: Path) -> None:
        if not is_journal(path):  # it is Parquet: an earlier recorder was killed in a later step
            self.then(path)
            return
        reason = self._convert(path)
        if reason not in {None, _LOST} and path in self._own:  # perhaps another recorder was converting it
            reason = self._convert(path)
        if reason is not None:
            self._note_failure(path, reason)
        elif not self._gives_up and os.path.lexists(table := table_path(path)):
            self.then(table)
            self._try_again()

    def _try_again(self) -> None:
        """Queue once more what has failed: the disk may have been full then, and no longer is."""
        again, self._again = self._again, []
        self.failed = [journal for journal in self.failed if journal not in again]
        for journal in again:
            self.add(journal)

    def _convert(self, journal: Path) -> str | None:
        """Turn a journal into Parquet; return why that failed, unless another recorder did it or is doing it."""
        is_own = journal in self._own
        while is_own and not self._gives_up and is_being_written(journal):
            time.sleep(_POLL)
        with self._lock:
            if self._gives_up or not os.path.lexists(journal):
                return None
            identity = self._own.get(journal)
            if identity is not None and not is_at(identity, journal):
                return "another program replaced it"
            try:
                self._begin(["repair", "-qq", *(["--overwrite"] if self._overwrite else []), str(journal)])
            except OSError as error:  # no resources for another process
                return str(error)
        code, said = self._end()
        if self._gives_up or not os.path.lexists(journal):  # a repair removes it when Parquet has all of it
            return None
        if code == _WITH_LOSS:
            return _LOST
        return None if is_being_written(journal) and not is_own else said

    def _note_failure(self, journal: Path, reason: str) -> None:
        if journal in self._own:
            self.failed.append(journal)
            if reason != _LOST:
                self._again.append(journal)
        log.warning("%s was not turned into Parquet (%s): run feedrec repair to finish it", journal, reason)
