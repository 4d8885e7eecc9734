"""A replay that begins at the end of a recording that grows: what is recorded from there on is live."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ..errors import TruncatedRecordingError, UsageError
from ..formats import Recording, open_recording
from ..formats.file.lock import is_being_written
from ..formats.file.opening import under_current_name
from ..formats.places.url_path import place_of
from .options import ReplayOptions
from .timeline.last_frame import last_received

__all__ = ["begun_live"]


def begun_live(paths: Sequence[Path | str], options: ReplayOptions) -> ReplayOptions:
    """
    Return the options; of a live replay with the time of the last received frame, or of the beginning before the first.

    All of the last recording is unpacked for that.

    Args:
        paths: The recordings, of which the last one grows.
        options: How to replay them.

    Raises:
        UsageError: If it does not grow, or another beginning is given.
        RecordingError: If it cannot be read.

    """
    if not options.live:
        return options
    if options.start is not None:
        raise UsageError("a live replay begins at the end of what is recorded: leave out start, or live")
    path = place_of(paths[-1])
    with under_current_name(path, open_recording) as recording:
        if not is_being_written(path):
            raise UsageError(f"{path} is finished, and nothing of it is live: give one that is being written (.part)")
        time = last_received(_until_cut(recording))
        return msgspec.structs.replace(options, start=recording.header.created if time is None else time)


def _until_cut(recording: Recording) -> Iterator[list[bytes]]:
    """Yield its lines; up to the cut, if its recorder was killed at this moment."""
    with contextlib.suppress(TruncatedRecordingError):
        yield from recording.batches()
