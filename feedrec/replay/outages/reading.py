"""The outages of an endpoint, as far as its recordings were looked at by now."""

from __future__ import annotations

import contextlib
import threading
from functools import partial

from ...errors import RecordingError
from ...formats import Recording, open_recording
from ...formats.file.opening import under_current_name
from ...formats.several.clocks import is_stepped
from ...formats.several.glance import Glance, glance
from ...formats.several.inputs import RunIdentity
from ...model import parse_time
from ..clock.time_types import RecordedSteady
from ..timeline.frame_batches import CONNECTIONS_PER_FILE
from ..timeline.timeline import Beginning, Timeline
from .plan import FOREVER, OutagePlan
from .steps import steps_by_index, steps_by_reading
from .tracking import RunTrack, Step, combined

__all__ = ["OutageReading"]

_FOLLOW_INTERVAL = 0.05  # seconds between looks at a recording that grows


class OutageReading:
    """
    Reads what happened to the connections of recordings: at once where indexes say where, else in a thread.

    Args:
        timeline: The recordings.

    Attributes:
        plan: The outages that are known.
        known_until: The steady time up to which all are known.
        is_waiting: Whether a recording is still to grow: nobody knows more for now.

    """

    def __init__(self, timeline: Timeline) -> None:
        self.plan = OutagePlan()
        self.known_until = RecordedSteady(0)
        self.is_waiting = False
        self._timeline = timeline
        self._tracks: dict[RunIdentity, RunTrack] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._files = self._in_order()
        self._present = RunTrack()  # the one that is read through
        while self._files and (quick := self._quick_steps(self._files[0])) is not None:
            self._take(self._files.pop(0), quick)
        self._publish()

    def start(self) -> None:
        """Read what is still to be read, in a thread."""
        if self._files and self._thread is None:
            self._thread = threading.Thread(target=self._read_on, name="feedrec-outages", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Read no more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _in_order(self) -> list[int]:
        """Return the numbers of the files in the order of time, and those of a run in the order of its parts."""
        beginnings = self._timeline.beginnings()

        def place(number: int) -> tuple[bytes, int]:
            part = beginnings[number].file.header.extra.get("part")
            return beginnings[number].first, part if isinstance(part, int) else 0

        return sorted(range(len(beginnings)), key=place)

    def _track_of(self, number: int) -> RunTrack:
        return self._tracks.setdefault(self._timeline.beginnings()[number].file.run, RunTrack())

    def _quick_steps(self, number: int) -> list[Step] | None:
        """Return what happened in a file whose index says where to look; None if it must be read through."""
        beginning, index = self._timeline.beginnings()[number], self._timeline.indexes()[number]
        seen: Glance | None = None
        path = self._timeline.paths[number]
        if index is None or is_stepped(beginning.file, beginning.clock, index):
            return None
        with contextlib.suppress(RecordingError):
            seen = under_current_name(path, glance)
        if seen is None:
            return None
        facts = seen.facts
        run, track = beginning.file.run, self._track_of(number)
        goes_on = any(self._timeline.beginnings()[one].file.run == run for one in self._files[1:])
        quick: list[Step] | None = []
        if facts.connections or "refused" in facts.events:
            quick = None
            with contextlib.suppress(RecordingError), under_current_name(path, open_recording) as recording:
                quick = steps_by_index(recording, facts, was_open=track.has_open, goes_on=goes_on)
        if quick is not None:
            for ends in (facts.received, facts.others):
                for moment in (ends.first, ends.last):
                    if moment is not None:
                        track.saw(RecordedSteady(moment[0]))
        return quick

    def _take(self, number: int, steps: list[Step]) -> None:
        track = self._track_of(number)
        for step in steps:
            track.take(step, number * CONNECTIONS_PER_FILE)

    def _publish(self) -> None:
        """Have everybody know what was found."""
        self.plan = combined(list(self._tracks.values()))
        self.known_until = self._first_of(self._files[0]) if self._files else FOREVER

    def _first_of(self, number: int) -> RecordedSteady:
        return RecordedSteady(parse_time(self._timeline.beginnings()[number].first.decode()))

    def _read_on(self) -> None:
        while self._files and not self._stopped.is_set():
            number = self._files[0]
            quick = self._quick_steps(number)
            if quick is not None:
                self._take(number, quick)
            else:
                with contextlib.suppress(RecordingError):  # who plays it tells of damage
                    self._read_through(number)
            self._files.pop(0)
            self._publish()

    def _read_through(self, number: int) -> None:
        beginning: Beginning = self._timeline.beginnings()[number]
        track, later = self._track_of(number), self._files[1:]
        self._present = track
        bound = min((self._first_of(one) for one in later), default=FOREVER)
        with self._opened(number) as recording:
            for found in steps_by_reading(recording, beginning.clock.copy()):
                self.is_waiting = False
                track.saw(found.until)
                self._take(number, list(found.steps))
                if found.steps:
                    self.plan = combined(list(self._tracks.values()))
                self.known_until = min(found.until, bound)
                if self._stopped.is_set():
                    return
        self.is_waiting = track.goes_on = False

    def _opened(self, number: int) -> Recording:
        return under_current_name(self._timeline.paths[number], partial(open_recording, wait=self._wait))

    def _wait(self) -> bool:
        if not self._present.goes_on:
            self._present.goes_on = True
            self.plan = combined(list(self._tracks.values()))
        self.is_waiting = True
        return not self._stopped.wait(_FOLLOW_INTERVAL)
