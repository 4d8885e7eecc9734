"""
A recording that was shipped is removed here: only if it is there now, as it was compared.

Checkpoints go first, then the recording, then the mark. So a recording is never without its mark before it is gone, and
whoever is killed between two of these steps leaves nothing that is lost.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from ...errors import NotShippedError, WriteError
from ...formats.file.lock import unlink_if_at
from ...formats.file.names import carried_path, pending_path, state_path
from .destination import Destination
from .looking import check_there
from .sent_file import SentFile
from .shipped_mark import remove_mark

__all__ = ["remove_shipped"]


def remove_shipped(path: Path, to: Destination, key: str, *, is_pending: bool = False) -> None:
    """
    Remove a recording here, with its checkpoints and its mark, after it was looked at there.

    Args:
        path: The recording.
        to: The place.
        key: The name of the object.
        is_pending: Whether it may have a mark that something is to be done with it: this is what.

    Raises:
        NotShippedError: As `check_there` says; also if it is in use, or was changed. It stays.
        ShipConflictError: If there is another object now. It stays.
        WriteError: If it cannot be removed.

    """
    with SentFile(path, to_remove=True) as file:
        if not is_pending and pending_path(path).exists():
            raise NotShippedError(path, "something is still to be done with it")
        check_there(file, to, key)
        if carried_path(path).exists():
            raise NotShippedError(path, "the file that goes on from it still needs it")
        file.check()
        try:
            with contextlib.suppress(NotShippedError), SentFile(state_path(path), to_remove=True) as state:
                unlink_if_at(state.descriptor, state.path)
            unlink_if_at(file.descriptor, path)
        except OSError as error:
            raise WriteError(path, f"was shipped, and cannot be removed here: {error.strerror}") from error
        remove_mark(path)
