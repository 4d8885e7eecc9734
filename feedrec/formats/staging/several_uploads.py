"""Several files are uploaded at the same time, while somebody waits who may end that."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import RecordingError
from ...threads import thread_for

__all__ = ["upload_all"]

_AT_ONCE = 4
"""Files that are uploaded at the same time."""

_LOOK_UP = 0.1  # seconds between two calls of who waits


def upload_all(
    files: Sequence[Path], upload: Callable[[Path, int], object], on_waiting: Callable[[int, int], object]
) -> None:
    """
    Upload files; once one fails, no other begins.

    Args:
        files: The files.
        upload: Uploads one of some size, in a thread.
        on_waiting: Called again and again with the bytes uploaded and all bytes; if it raises, no other upload begins.

    Raises:
        RecordingError: What `upload` raised first; it tells how many were uploaded besides.

    """
    sizes = {path: path.stat().st_size for path in files}
    waiting, done = deque(files), list[Path]()
    failures: list[BaseException] = []

    def work() -> None:
        while waiting and not failures:
            try:
                path = waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            try:
                upload(path, sizes[path])
            except BaseException as error:  # noqa: BLE001  raised by who waits
                failures.append(error)
            else:
                done.append(path)

    threads = [thread_for(work, f"upload {number}") for number in range(min(_AT_ONCE, len(files)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_LOOK_UP)
                on_waiting(sum(sizes[path] for path in list(done)), sum(sizes.values()))
    finally:
        waiting.clear()
    if failures:
        raise _with_others(failures[0], len(done))


def _with_others(error: BaseException, others: int) -> BaseException:
    if not others or not isinstance(error, RecordingError):
        return error
    files = "1 other file was uploaded, and stays" if others == 1 else f"{others:,} others were uploaded, and stay"
    told = type(error)(error.path, f"{error.reason}; {files}")
    told.__cause__ = error
    return told
