"""The requests and answers that stand in recordings, also in such as are still being written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import cast

from ...errors import DamagedRecordingError, LineError, RecordingError
from ...formats import Recording, open_recording
from ...formats.file.exchanges import ExchangePlace, exchange_at, exchanges_in
from ...formats.file.opening import under_current_name
from ...formats.line.codec import decode_line
from ...http_messages import HttpExchange

__all__ = ["RecordedExchanges"]


class RecordedExchanges:
    """
    Those of some recordings; an `ExchangeSource`. What comes before damage is found; the replay tells of the damage.

    Args:
        paths: The recordings.

    Attributes:
        grows: Whether a recorder was still writing one of them when they were looked at last.

    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.grows = True
        self._last: dict[Path, ExchangePlace | None] = dict.fromkeys(paths)
        self._since: dict[Path, int] = {}  # the time from which on there may be new ones
        self._growing = list(self._last)

    def new(self, pause: Callable[[], object]) -> Iterator[tuple[Hashable, HttpExchange]]:
        """See `ExchangeSource`."""
        growing, self._growing = self._growing, []
        for path in growing:
            with under_current_name(path, open_recording) as recording, contextlib.suppress(DamagedRecordingError):
                if recording.is_live:
                    self._growing.append(path)
                last, here = self._last[path], _last_time(recording)
                for place, exchange in exchanges_in(recording, self._since.get(path), None, pause):
                    if last is None or place > last:
                        self._last[path] = max(place, self._last[path] or place)
                        yield (path, place), exchange
                if here is not None:
                    self._since[path] = here
        self.grows = bool(self._growing)

    def at(self, place: Hashable, pause: Callable[[], object]) -> HttpExchange:
        """See `ExchangeSource`."""
        path, its = cast(tuple[Path, ExchangePlace], place)
        with under_current_name(path, open_recording) as recording:
            found = exchange_at(recording, its, pause)
        if found is None:
            raise RecordingError(path, "is not what it was any more")
        return found


def _last_time(recording: Recording) -> int | None:
    """Return the time of the last line that is there by now; None if that cannot be told without reading all."""
    lines = next(recording.blocks_back(), None)
    with contextlib.suppress(LineError):
        return decode_line(lines[-1]).time if lines else None
    return None
