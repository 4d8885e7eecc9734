"""
What is done with each finished file, step by step, while the recording goes on.

Each step has its own queue and thread, and takes the files in their order; a step that is stuck holds up neither the
recording nor the steps before it. Where something must be done, whatever happens, a file has a mark (pending.py) from
its first moment until its last step, so that the next recorder of the same feed goes on where a killed one stopped.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import FeedrecError, RecordingError, WriteError
from ...formats import open_recording
from ...formats.file.growing.growing_file import GrowingFile
from ...formats.file.names import (
    PARQUET_SUFFIX,
    is_journal,
    journal_path,
    later_paths,
    natural_key,
    part_path,
    pending_path,
)
from ...model import Header
from ..commands.process import GRACE
from ..watching.shipping_facts import ShippingFacts
from .finished_file import FileFactsKnown, known_of
from .finisher import Finisher
from .pending import PendingMark

__all__ = ["FileChain"]

log = logging.getLogger("feedrec")


class FileChain:
    """
    The steps after a finished file.

    Args:
        header: The header of the recording.
        feed: The name of the run.
        marks: Whether files get marks: whether something must be done.

    Attributes:
        steps: What is done, in this order.
        on_done: Called with each file that is through, in the thread of the last step.
        is_waited_for: Returns whether the process ends as soon as `finish` has; else there is no hurry.

    """

    def __init__(self, header: Header, feed: str, *, marks: bool = False) -> None:
        self.steps: list[Finisher] = []
        self.is_waited_for: Callable[[], bool] = lambda: True
        self.on_done: Callable[[Path], object] = lambda path: None  # noqa: ARG005
        self._before: list[Finisher] = []
        self._after: list[Finisher] = []
        self._header, self._feed, self._makes_marks = header, feed, marks
        self._marks: dict[Path, PendingMark] = {}
        self._known: dict[Path, FileFactsKnown] = {}
        self._last: Path | None = None
        self._awaited: set[Path | None] = set()  # what files go on from that are still to be finished

    def append(self, step: Finisher) -> None:
        """Add a step, after those that there are; before the first file."""
        self.steps.append(step)
        step.then = partial(self._go_on, len(self.steps))

    def begin_with(self, step: Finisher) -> None:
        """Have what a step is done with, which an earlier run has left, go through the steps as well."""
        self._before.append(step)
        step.then = self.add_left_over

    def end_with(self, step: Finisher) -> None:
        """Have a step done when a file is through, and needs it no more: it looks at all files, whichever that was."""
        self._after.append(step)
        self.on_done = step.add

    def look_at_start(self, folder: Path) -> None:
        """Have what looks at all files do so now: a disk that earlier runs have filled need not wait for a file."""
        for step in self._after:
            step.add(folder)

    @property
    def waiting(self) -> dict[str, int]:
        """Number of files that wait, by step."""
        return {step.step: step.waiting for step in self._all_steps}

    @property
    def shipping(self) -> ShippingFacts | None:
        """How shipping stands; None if nothing is shipped."""
        return next((step.shipping for step in self.steps if step.shipping is not None), None)

    def begin(self, path: Path, begin: Callable[[], GrowingFile]) -> GrowingFile:
        """
        Begin a file, and mark it before, if files are marked.

        Args:
            path: Its name when it is finished; perhaps that of a journal.
            begin: Begins it.

        Raises:
            FeedrecError: As `begin` does.
            WriteError: If its mark cannot be made; then there is no file.

        """
        if not self._makes_marks:
            return begin()
        # A mark that is there may be that of another recorder, which `begin` refuses to disturb.
        early = None if os.path.lexists(pending_path(_real(path))) else self._mark(_real(path))
        try:
            file = begin()
        except BaseException:
            if early is not None:
                early.remove()
            raise
        final, before = later_paths(file.target.path)[-1], self._last
        try:
            mark = early or self._mark(final)
        except WriteError:
            file.target.remove()
            raise
        self._marks[final], self._last = mark, final

        def discarded() -> None:
            self._marks.pop(final, mark).remove()
            self._last = before

        file.target.on_removed = discarded
        return file

    def add(self, path: Path) -> None:
        """Begin with a finished file, from any thread."""
        final = later_paths(path)[-1]
        if final not in self._marks:  # its folder was moved, with the mark
            before = next((one for one in list(self._marks) if one.name == final.name and not one.exists()), None)
            if before is not None:
                self._marks[final] = self._marks.pop(before)
                self._marks[final].path = final
        self._go_on(0, path)

    def add_left_over(self, path: Path) -> None:
        """Begin with a file that an earlier run has left, unless another recorder has its mark; from any thread."""
        if self.take(path):
            self.add(path)

    def take(self, path: Path) -> bool:
        """Have the mark of a file that was left, or make one; return whether no other recorder has it."""
        final = later_paths(path)[-1]
        mark = self._marks.get(final) or PendingMark.take(final)
        if mark is None and self._makes_marks and not os.path.lexists(pending_path(final)):
            with contextlib.suppress(OSError):
                mark = PendingMark.begin(final, self._header.endpoint, self._header.subscriptions)
        if mark is not None:
            self._marks[final] = mark
        return mark is not None or not (self._makes_marks or os.path.lexists(pending_path(final)))

    def catch_up(self, found: Iterable[Path], is_named_so: Callable[[Path], bool]) -> list[Path]:
        """
        Go on with files that an earlier run has left with a mark; nothing else may have that, and be doing it.

        Args:
            found: The names of files that have marks (`marked_files`).
            is_named_so: Returns whether this recording gives a file such a name.

        Returns:
            Those that go on.

        """
        left: dict[Path, Path] = {}
        for path in sorted(found, key=lambda path: natural_key(str(path))):
            mark = None if path in self._marks else PendingMark.take(path)
            if mark is None:
                continue
            names = (path, journal_path(path)) if path.suffix == PARQUET_SUFFIX else (path,)
            present = next((one for one in names if os.path.lexists(one)), None)
            same = (mark.endpoint or self._endpoint_of(present)) == self._header.endpoint
            if not same or not (is_named_so(path) or mark.subscriptions == self._header.subscriptions):
                mark.release()
            elif present is not None:
                self._marks[path], left[path] = mark, present
            elif any(os.path.lexists(part_path(one)) for one in names):
                self._awaited.add(mark.after)
                mark.release()  # it waits to be finished itself
            else:
                mark.remove()  # the file was removed, or moved on by its command
        if left:
            log.info("going on with what an earlier recorder left to do: %s", ", ".join(path.name for path in left))
        for present in left.values():
            self.add(present)
        return list(left)

    def told(self, path: Path) -> dict[str, Any]:
        """Return what a command is told of a finished file; see `FILE_PLACEHOLDERS`."""
        known = self._known.get(path) or known_of(path)
        return known.told(path, self._header.endpoint, self._feed)

    def mark_of(self, path: Path) -> PendingMark | None:
        """Return the mark of a file, under whatever name it is now; None if it has none."""
        return self._marks.get(later_paths(path)[-1])

    def before(self, path: Path) -> Path | None:
        """Return the file of the same run that goes before one; None if none does."""
        mark = self.mark_of(path)
        return None if mark is None else mark.after

    def is_followed(self, path: Path, *, is_ending: bool) -> bool:
        """Return whether a file of the same run goes on from one, or may yet, unless the run is ending."""
        final = later_paths(path)[-1]
        followed = {mark.after for mark in list(self._marks.values())} | self._awaited
        return final in followed or (final == self._last and not is_ending)

    def is_wanted(self, path: Path) -> bool:
        """Return whether a file still has its mark, which a person may have removed."""
        mark = self.mark_of(path)
        return mark is not None and mark.is_there

    def finish(self) -> None:
        """
        Wait until all is done; Ctrl-C ends the wait, and what is not done then is left to the next recorder.

        Raises:
            RecordingError: If something could not be done.

        """
        failed: RecordingError | None = None
        try:
            for step in self._all_steps:
                try:
                    step.finish()
                except RecordingError as error:
                    failed = failed or error
        except BaseException:
            self.give_up()
            raise
        finally:
            for mark in self._marks.values():
                mark.release()
        if failed is not None:
            raise failed

    def give_up(self) -> None:
        """End what is being done, and leave all the rest to the next recorder."""
        for step in self._all_steps:
            step.give_up()
        for step in self._all_steps:
            step.join(GRACE + 1)  # or what it runs would outlive us

    @property
    def _all_steps(self) -> list[Finisher]:
        return [*self._before, *self.steps, *self._after]

    def _go_on(self, number: int, path: Path) -> None:
        """Go on with a step, if the file is ours: a step may finish what others have left, too."""
        if number and self._makes_marks and self.mark_of(path) is None:
            return
        if is_journal(path):  # while it is there: Parquet itself is too much to look into
            self._known[later_paths(path)[-1]] = known_of(path)
        if number < len(self.steps):
            self.steps[number].add(path)
        else:
            self._done(path)

    def _endpoint_of(self, present: Path | None) -> str:
        """Return the endpoint of a file whose mark was cut off; of what says it only to a large library, ours."""
        if present is None or present.suffix == PARQUET_SUFFIX:
            return self._header.endpoint
        try:
            with open_recording(present) as recording:
                return recording.header.endpoint
        except FeedrecError:
            return ""

    def _mark(self, path: Path) -> PendingMark:
        header, final = self._header, later_paths(path)[-1]
        try:
            return PendingMark.begin(final, header.endpoint, header.subscriptions, self._last)
        except FileNotFoundError as error:
            raise WriteError(final, "cannot be written: its folder does not exist") from error
        except OSError as error:
            raise WriteError(final, f"cannot be marked as pending: {error.strerror}") from error

    def _done(self, path: Path) -> None:
        final = later_paths(path)[-1]
        mark = self._marks.pop(final, None)
        if mark is not None:
            mark.remove()
        self.on_done(path)
        self._known.pop(final, None)


def _real(path: Path) -> Path:
    """Return where a file is begun: beside what its name links to."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path
