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
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

from ...errors import RecordingError
from ...formats.file.lock import is_at, is_being_written
from ...formats.file.names import is_journal, natural_key

__all__ = ["ParquetFinisher", "leftover_journals"]

_NICENESS = 10
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


class ParquetFinisher:
    """
    Turns journals into Parquet, one after another, while the recording goes on.

    Each is converted by a process with low priority, since in this process it would keep the interpreter from the feed.

    Args:
        overwrite: Whether existing Parquet files may be replaced.

    Attributes:
        failed: Journals of this run that could not be turned into Parquet; all of them still exist.

    """

    def __init__(self, *, overwrite: bool = False) -> None:
        self._overwrite = overwrite
        self._journals: deque[Path] = deque()
        self._lock = threading.Condition()
        self._current: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._gives_up = False
        self._own: dict[Path, os.stat_result | None] = {}
        self.failed: list[Path] = []
        self._again: list[Path] = []  # those of them that may succeed later

    @property
    def waiting(self) -> int:
        """Number of journals that are not Parquet yet."""
        with self._lock:
            return len(self._journals) + (self._current is not None)

    def add(self, journal: Path) -> None:
        """Queue a journal of this run, from any thread."""
        with contextlib.suppress(OSError):  # whatever has its name later is not taken for it
            self._own.setdefault(journal, journal.stat())
        self._own.setdefault(journal, None)
        self.add_leftover(journal)

    def add_leftover(self, journal: Path) -> None:
        """Queue a journal that another run left; a failure is only logged."""
        with self._lock:
            self._journals.append(journal)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="feedrec-parquet", daemon=True)
                self._thread.start()

    def finish(self) -> None:
        """
        Wait until all are done, those that failed are tried once more; Ctrl-C ends the wait, and the journals stay.

        Raises:
            RecordingError: If one could not be turned into Parquet.

        """
        self._wait()
        again, self._again = self._again, []
        self.failed = [journal for journal in self.failed if journal not in again]
        for journal in again:  # the disk may have been full then
            self.add(journal)
        self._wait()
        failed = [journal for journal in self.failed if os.path.lexists(journal)]  # others were finished elsewhere
        if failed:
            raise RecordingError(failed[0], "was not turned into Parquet: run feedrec repair to finish it")

    def _wait(self) -> None:
        if self.waiting:
            log.info("turning %s into Parquet", "the recording" if self.waiting == 1 else f"{self.waiting} files")
        try:
            while (thread := self._thread) is not None:
                thread.join(0.1)
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        self._gives_up = True
        with self._lock:
            self._journals.clear()
            if self._process is not None:
                self._process.terminate()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._journals:
                    self._thread = None
                    return
                self._current = journal = self._journals.popleft()
            reason = self._finish_one(journal)
            if reason not in {None, _LOST} and journal in self._own:  # perhaps another recorder was converting it
                reason = self._finish_one(journal)
            if reason is not None:
                self._note_failure(journal, reason)
            with self._lock:
                self._current = None

    def _finish_one(self, journal: Path) -> str | None:
        """Turn a journal into Parquet; return why that failed, unless another recorder did it or is doing it."""
        is_own = journal in self._own
        while is_own and not self._gives_up and is_being_written(journal):
            time.sleep(_POLL)
        with self._lock:
            if self._gives_up or not os.path.lexists(journal):
                return None
            reason = self._begin(journal)
        if reason is not None:
            return reason
        assert self._process is not None  # noqa: S101  for mypy
        _, said = self._process.communicate()
        with self._lock:
            code, self._process = self._process.returncode, None
        if self._gives_up or not os.path.lexists(journal):  # a repair removes it when Parquet has all of it
            return None
        if code == _WITH_LOSS:
            return _LOST
        if is_being_written(journal) and not is_own:
            return None
        return said.decode(errors="replace").strip().rpartition("\n")[2] or f"exit code {code}"

    def _begin(self, journal: Path) -> str | None:
        """Start to turn a journal into Parquet; return why that is not possible."""
        identity = self._own.get(journal)
        if identity is not None and not is_at(identity, journal):
            return "another program replaced it"
        try:
            self._process = _start(journal, overwrite=self._overwrite)
        except OSError as error:  # no resources for another process
            return str(error)
        return None

    def _note_failure(self, journal: Path, reason: str) -> None:
        if journal in self._own:
            self.failed.append(journal)
            if reason != _LOST:
                self._again.append(journal)
        log.warning("%s was not turned into Parquet (%s): run feedrec repair to finish it", journal, reason)


def _start(journal: Path, *, overwrite: bool) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _PROGRAM, "repair", "-qq", *(["--overwrite"] if overwrite else []), str(journal)]
    # In a session of its own: Ctrl-C is for the recorder, which waits for this process.
    return subprocess.Popen(  # noqa: S603  our own interpreter, with a name that we chose
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


_PROGRAM = f"""
import os, sys
os.nice({_NICENESS})
from feedrec.cli import main
main(sys.argv[1:])
"""
