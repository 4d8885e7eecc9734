"""
The lines of a run that were written before somebody came to know its state.

Of the file that grows, so many lines are read as the recorder says it had then, as they appear on the disk; of those
before it, all.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ....errors import LineError, NotARecordingError, RecordingError
from ....feeds.venue import VenueFeed
from ....formats.file.names import part_path
from ....formats.file.opening import open_recording, under_current_name
from ....formats.file.recording import Recording
from ....live_messages import Files
from .earlier_files import state_by_indexes
from .run_state import RunState

__all__ = ["MissingLinesError", "state_after"]

_FOLLOW_INTERVAL, _LOOKS = 0.05, 100  # seconds
_is_synthetic = re.compile(rb'\{"time":"[^"]*","conn":\d+,"dir":"in","synthetic":true,').match  # as feedrec writes it

_UNKNOWN = "clients that come late will not know what was recorded before: %s"

_log = logging.getLogger("feedrec")


class MissingLinesError(Exception):
    """A file has not the lines that it had, as the recorder says; the text tells which."""


def state_after(files: Files, feed: VenueFeed, stopped: threading.Event) -> RunState:
    """
    Return the state after the lines that files have; it blocks until all of them are on the disk.

    What cannot be read is told in the log, and nothing is known then that was before it.

    Args:
        files: The files.
        feed: The feed.
        stopped: Ends the work early when set; what is returned is of no use then.

    Raises:
        MissingLinesError: If the file that grows is not there, or ends too early.

    """
    paths = _still_there(list(map(Path, files.finished)), stopped)
    earlier = paths[:-1]  # the last one is read whole: where it ends, connections may be about to be replaced
    found = state_by_indexes(feed, earlier, stopped) if earlier else None
    state, knows_before = found or RunState(feed), found is not None
    for path in paths if found is None else paths[len(earlier) :]:
        try:
            with _opened(path, stopped) as recording:
                for lines in recording.batches():
                    state.take(lines, without_synthetic=knows_before)
                    if stopped.is_set():
                        return state
            knows_before = True
        except (RecordingError, LineError) as error:
            _log.warning(_UNKNOWN, error)
            state.forget()
            knows_before = False
    if files.growing is not None and files.lines > 1:
        try:
            with _begun(Path(files.growing), stopped) as recording:
                for lines in _first_lines(recording, files.lines - 1, stopped):
                    state.take(lines, without_synthetic=knows_before)
        except (RecordingError, LineError) as error:
            raise MissingLinesError(str(error)) from error
    return state


def _still_there(paths: list[Path], stopped: threading.Event) -> list[Path]:
    """Return the last files that can be opened: those before may have been moved away, and are of no use alone."""
    for number in range(len(paths) - 1, -1, -1):
        try:
            _opened(paths[number], stopped).close()
        except RecordingError as error:
            _log.warning(_UNKNOWN, error)
            return paths[number + 1 :]
    return paths


def _first_lines(recording: Recording, count: int, stopped: threading.Event) -> Iterator[list[bytes]]:
    """Yield so many lines, and with them the state that was put in when the file was finished meanwhile."""
    for lines in recording.batches():
        recorded = len(lines) - sum(map(bool, map(_is_synthetic, lines)))
        if recorded < count:
            count -= recorded
            yield lines
            continue
        end = 0
        while count:
            count -= not _is_synthetic(lines[end])
            end += 1
        yield lines[:end]
        return
    if not stopped.is_set():
        raise MissingLinesError(f"{recording.path} ends {count} lines too early")


def _begun(path: Path, stopped: threading.Event) -> Recording:
    """Open a recording as `_opened` does; one that is so new that nothing of it is on the disk is waited for."""
    for _ in range(_LOOKS):
        with contextlib.suppress(NotARecordingError):
            return _opened(path, stopped)
        if stopped.wait(_FOLLOW_INTERVAL):
            break
    return _opened(path, stopped)


def _opened(path: Path, stopped: threading.Event) -> Recording:
    """Open a recording under the name that it has now, and follow it while it grows."""
    following = partial(open_recording, wait=lambda: not stopped.wait(_FOLLOW_INTERVAL))
    return under_current_name(part_path(path), following)
