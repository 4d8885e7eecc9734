"""What is tried again when a run of a feed fails, and what is left: what no retry mends."""

from __future__ import annotations

from ...errors import FeedrecError, RecordingError, UsageError, VenueError, WriteError

__all__ = ["is_final"]


def is_final(error: BaseException) -> bool:
    """
    Tell whether an error would come again each time.

    A server that cannot be reached may be there later, a disk may take data again, and what is a defect of feedrec
    need not happen twice. A request that is invalid, a venue that refuses it, and a name that is taken stay so.
    """
    if isinstance(error, RecordingError):
        return not isinstance(error, WriteError)
    return isinstance(error, UsageError | VenueError) or not isinstance(error, FeedrecError | Exception)
