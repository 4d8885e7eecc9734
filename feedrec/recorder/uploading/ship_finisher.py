"""
Ships each finished file, several at once.

Whatever becomes of that, the recording goes on. A file keeps its mark until it is shipped, so what is not shipped when
the run ends, or is killed, the next recorder ships. Files go on to the next step in their order.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from ...errors import RecordingError
from ..output.finisher import Finisher
from ..watching.shipping_facts import ShippingFacts
from .messages import Answer, Job, Outcome
from .uploader import Uploader

__all__ = ["PATIENCE", "ShipFinisher"]

PATIENCE = 60.0
"""Seconds for which the end of a run waits for a place that takes nothing."""

_POLL = 0.1
_PROGRESS_EVERY = 15.0  # seconds

log = logging.getLogger("feedrec")


class _Shipment(msgspec.Struct):
    """A file that is to be shipped, or is held up by one before it."""

    job: Job
    size: int
    finished: int
    outcome: Outcome | None = None


class ShipFinisher(Finisher):
    """
    Has files shipped; see `Finisher`.

    Args:
        uploader: Uploads them.
        depth: How many parts of a path are the name of the object.
        is_wanted: Returns whether a file is still to be shipped.
        is_waited_for: Returns whether the process ends as soon as the run has; else there is no hurry.
        patience: Seconds for which the end of the run waits for a place that takes nothing.

    """

    step = "ship"

    def __init__(
        self,
        uploader: Uploader,
        depth: int,
        is_wanted: Callable[[Path], bool] = lambda path: True,  # noqa: ARG005
        is_waited_for: Callable[[], bool] = lambda: True,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__()
        self._uploader, self._depth, self._is_wanted, self._patience = uploader, depth, is_wanted, patience
        self._is_waited_for = is_waited_for
        self._shipments: dict[Path, _Shipment] = {}
        self._facts = ShippingFacts(uploader.place.url)
        self._said = ""
        self._has_ended = False
        self._passing_on = 0

    @property
    def waiting(self) -> int:
        """Number of files that are not shipped yet."""
        return self.shipping.waiting

    @property
    def shipping(self) -> ShippingFacts:
        """How it stands."""
        with self._lock:
            left = [one for one in self._shipments.values() if one.outcome is None]
            return msgspec.structs.replace(
                self._facts,
                waiting=len(left),
                waiting_bytes=sum(one.size for one in left),
                oldest=min((one.finished for one in left), default=None),
            )

    def job_of(self, path: Path, *, looks: bool = False) -> Job:
        """Return what is asked of a file."""
        return Job(os.fsencode(path), os.fsencode(path.parents[self._depth - 1]), looks)

    def is_there(self, path: Path) -> bool | None:
        """Return whether a file is there as it was shipped; None if that cannot be seen now. It may wait."""
        return None if self._gives_up else self._uploader.is_there(self.job_of(path, looks=True))

    def add(self, path: Path) -> None:
        """Ship a file, from any thread."""
        if not self._is_wanted(path):
            log.info("%s: it is not shipped, since the mark is gone", path)
            self.then(path)
            return
        try:
            status = path.lstat()
            size, finished = status.st_size, status.st_mtime_ns
        except OSError:  # the process will say that it is gone
            size, finished = 0, time.time_ns()
        shipment = _Shipment(self.job_of(path), size, finished)
        with self._lock:
            if self._has_ended:
                return
            self._shipments[path] = shipment
        self._uploader.ask(shipment.job, lambda answer: self._answered(path, answer))

    def finish(self) -> None:
        """
        Wait until all are shipped, or the place has taken nothing for some time; Ctrl-C ends the wait.

        Raises:
            RecordingError: If some are left to the next recorder.

        """
        try:
            self._wait_for_all()
        except BaseException:
            self.give_up()
            raise
        with self._lock:
            left = [path for path, one in self._shipments.items() if one.outcome is None]
        self._withdraw()
        if left:
            others = f", nor {len(left) - 1} after it" if len(left) > 1 else ""
            reason = f"is not shipped yet{others} ({self._said}): the next recorder goes on with it, or feedrec ship"
            raise RecordingError(left[0], reason)

    def give_up(self) -> None:
        """Forget what waits, and end what is being done; the files stay as they are."""
        super().give_up()
        self._withdraw()

    def _withdraw(self) -> None:
        with self._lock:
            jobs = [one.job for one in self._shipments.values() if one.outcome is None]
            self._has_ended = True
        self._uploader.withdraw(jobs)

    def _finish_one(self, path: Path) -> None:  # noqa: ARG002
        raise AssertionError("files are shipped by the process")

    def _wait_for_all(self) -> None:
        began: float | None = None
        told = float("-inf")
        while (facts := self.shipping).waiting or self._passing_on:
            now = time.monotonic()
            if self._is_waited_for():
                began = now if began is None else began
                failing = self._uploader.failing_for
                if failing is not None and min(failing, now - began) >= self._patience:
                    return
                if facts.waiting and now - told >= _PROGRESS_EVERY:
                    told = now
                    what = "1 file is" if facts.waiting == 1 else f"{facts.waiting} files are"
                    size = f"{facts.waiting_bytes:,} bytes"
                    log.info("shipping: %s left, %s; Ctrl-C leaves that to the next start", what, size)
            with self._lock:
                self._lock.wait(_POLL)

    def _answered(self, path: Path, answer: Answer) -> None:
        """Take note of an answer, and go on with the files that nothing holds up any more."""
        with self._lock:
            shipment = self._shipments.get(path)
            if shipment is None or self._has_ended:
                return
            facts = self._facts
            if answer.outcome == Outcome.LATER:
                self._said = answer.said
                self._facts = msgspec.structs.replace(facts, failures=facts.failures + 1)
                return
            shipment.outcome = answer.outcome
            if answer.outcome == Outcome.SHIPPED:
                self._facts = msgspec.structs.replace(facts, files=facts.files + 1, bytes=facts.bytes + answer.size)
            elif answer.outcome == Outcome.STAYS:
                self._facts = msgspec.structs.replace(facts, failed=[*facts.failed, str(path)])
            self._passing_on += 1
            done = list[tuple[Path, Outcome]]()
            for first, one in list(self._shipments.items()):
                if one.outcome is None:
                    break
                del self._shipments[first]
                done.append((first, one.outcome))
        try:
            self._tell(path, answer)
            for first, outcome in done:
                if outcome != Outcome.STAYS:
                    self.then(first)
        finally:
            with self._lock:
                self._passing_on -= 1
                self._lock.notify_all()

    def _tell(self, path: Path, answer: Answer) -> None:
        if answer.outcome == Outcome.STAYS:
            log.error("%s stays here, and the recording goes on: %s", path, answer.said)
        elif answer.outcome == Outcome.GONE:
            log.warning("%s is gone: it was not shipped", path)
        else:
            log.info("shipped %s%s", path, f" ({answer.said})" if answer.said else "")
