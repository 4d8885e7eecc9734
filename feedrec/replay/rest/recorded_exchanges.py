"""The requests and answers that stand in recordings, also in such as are still being written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import cast

from ...errors import DamagedRecordingError, RecordingError
from ...formats import open_recording
from ...formats.file.exchanges import ExchangePlace, exchange_at, exchanges_in
from ...formats.file.opening import under_current_name
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
        self._growing = list(self._last)

    def new(self, pause: Callable[[], object]) -> Iterator[tuple[Hashable, HttpExchange]]:
        """See `ExchangeSource`."""
        growing, self._growing = self._growing, []
        for path in growing:
            with under_current_name(path, open_recording) as recording, contextlib.suppress(DamagedRecordingError):
                if recording.is_live:
                    self._growing.append(path)
                last = self._last[path]
                for place, exchange in exchanges_in(recording, None if last is None else last.time, None, pause):
                    if last is None or place > last:
                        self._last[path] = max(place, self._last[path] or place)
                        yield (path, place), exchange
        self.grows = bool(self._growing)

    def at(self, place: Hashable, pause: Callable[[], object]) -> HttpExchange:
        """See `ExchangeSource`."""
        path, its = cast(tuple[Path, ExchangePlace], place)
        with under_current_name(path, open_recording) as recording:
            found = exchange_at(recording, its, pause)
        if found is None:
            raise RecordingError(path, "is not what it was any more")
        return found
