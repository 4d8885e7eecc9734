"""
The process that uploads, as the recorder sees it.

It has a low priority, takes several jobs at a time, and may be killed whenever that is: what it has not answered is
asked for again, of another one. It is started when there is something to do, and ended when there is nothing more.
Where the store is not reached, everything waits: the log says so once, and once that it goes on.
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from typing import ClassVar, NamedTuple

import msgspec

from ...threads import thread_for
from ..output.finisher import low_priority
from .messages import Answer, Job, Outcome, ShipPlace
from .upload_queue import UploadQueue

__all__ = ["Uploader"]

_MAIN = "feedrec.cli.recording.ship_process:main"
_IDLE = 30.0  # seconds after which a process that has nothing to do is ended
_PATIENCE = 60.0  # seconds within which whoever looks for one file has an answer

log = logging.getLogger("feedrec")


class _Told(NamedTuple):
    """An answer of a process, or the end of one."""

    process: subprocess.Popen[bytes]
    answer: Answer | None = None
    said: str = ""


class Uploader:
    """
    Uploads to one place, for all feeds of this process that ship there.

    Args:
        place: Where to.
        steady: Seconds of a clock that never steps.

    Attributes:
        place: As given.

    """

    _all: ClassVar[weakref.WeakValueDictionary[ShipPlace, Uploader]] = weakref.WeakValueDictionary()
    _one_at_a_time = threading.Lock()

    def __init__(self, place: ShipPlace, steady: Callable[[], float] = time.monotonic) -> None:
        self.place, self._steady = place, steady
        self._changed = threading.Condition()
        self._queue = UploadQueue(place.at_once)
        self._told: deque[_Told] = deque()
        self._on_answer: dict[Job, Callable[[Answer], object]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    @classmethod
    def of(cls, place: ShipPlace) -> Uploader:
        """Return the one for a place, which all have who ship there."""
        with cls._one_at_a_time:
            found = cls._all.get(place)
            if found is None:
                found = cls._all[place] = cls(place)
            return found

    @property
    def failing_for(self) -> float | None:
        """Seconds since which the place takes nothing; None if it does."""
        with self._changed:
            since = self._queue.failing_since
        return None if since is None else self._steady() - since

    def ask(self, job: Job, on_answer: Callable[[Answer], object]) -> None:
        """
        Have something done, from any thread.

        Args:
            job: What.
            on_answer: Called with the answers, in a thread: with any number that say `LATER`, and with a last one.

        """
        with self._changed:
            self._on_answer[job] = on_answer
            self._queue.add(job)
            self._begin_thread()
            self._changed.notify()

    def is_there(self, job: Job) -> bool | None:
        """Return whether a file is there as it was shipped; None if the place is not reached now."""
        answered, found = threading.Event(), list[Outcome]()

        def take(answer: Answer) -> None:
            found.append(answer.outcome)
            answered.set()

        if self.failing_for is not None:
            return None
        self.ask(job, take)
        answered.wait(_PATIENCE)
        self.withdraw([job])
        return None if found[:1] in ([], [Outcome.LATER]) else found[0] == Outcome.SHIPPED

    def withdraw(self, jobs: Iterable[Job]) -> None:
        """Want no answer to these any more; if there is nothing else to do, the process ends at once."""
        with self._changed:
            jobs = [job for job in jobs if self._on_answer.pop(job, None) is not None]
            was_begun = not set(jobs).isdisjoint(self._queue.begun)
            self._queue.withdraw(jobs)
            if was_begun and not self._queue and self._process is not None:
                self._process.terminate()
            self._changed.notify()

    def _begin_thread(self) -> None:
        if self._thread is None:
            self._thread = thread_for(self._work, "feedrec-uploader")
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                job = self._queue.begin(self._steady())
                if job is None and not self._told and not self._waits():
                    return
                told = [self._told.popleft() for _ in range(len(self._told))]
            if job is not None:
                self._send(job)
            for one in told:
                try:
                    self._take(one)
                except Exception:
                    log.exception("shipping to %s failed", self.place.url)

    def _waits(self) -> bool:
        """Wait for something to happen; return whether there may be something to do: else the thread is over."""
        if self._queue:
            self._changed.wait(self._queue.wait(self._steady()))
            return True
        if self._changed.wait(_IDLE) or self._queue or self._told:
            return True
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()  # at which it ends
        self._process = self._thread = None
        return False

    def _send(self, job: Job) -> None:
        """Ask the process, which is started if there is none."""
        process = self._process
        if process is None:
            command = low_priority(_MAIN, msgspec.json.encode(self.place).decode())
            try:
                # In a session of its own: Ctrl-C is for the recorder, which waits for this process.
                process = self._process = subprocess.Popen(  # noqa: S603  our own interpreter
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:  # no resources for another process
                self._fail([job], str(error))
                return
            thread_for(lambda: self._listen(process), "feedrec-uploader-answers").start()
        assert process.stdin is not None  # noqa: S101  for mypy
        with contextlib.suppress(OSError, ValueError):  # it is gone, as it will be told
            process.stdin.write(msgspec.json.encode(job) + b"\n")
            process.stdin.flush()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Pass on what a process answers, and how it ends."""
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  for mypy
        said = ""
        for line in process.stdout:
            try:
                self._tell(_Told(process, msgspec.json.decode(line, type=Answer)))
            except msgspec.MsgspecError:
                said = line.decode(errors="replace").strip() or said
        code = process.wait()
        process.stdout.close()
        with contextlib.suppress(OSError):  # what it has not read
            process.stdin.close()
        self._tell(_Told(process, said=said or f"the process that uploads has ended with {code}"))

    def _tell(self, told: _Told) -> None:
        with self._changed:
            self._told.append(told)
            self._changed.notify()

    def _take(self, told: _Told) -> None:
        """Do what follows from an answer, or from the end of a process."""
        if told.process is not self._process:
            return
        if told.answer is None:
            with self._changed:
                self._process = None
                lost = self._queue.begun
            if lost:
                self._fail(lost, told.said)
            return
        answer = told.answer
        with self._changed:
            on_answer = self._on_answer.get(answer.job)
        if answer.outcome == Outcome.LATER:
            self._fail([answer.job], answer.said)
            return
        with self._changed:
            ends = self._queue.settle(answer.job)
            self._on_answer.pop(answer.job, None)
        if ends:
            log.info("shipping to %s goes on", self.place.url)
        if on_answer is not None:
            on_answer(answer)

    def _fail(self, jobs: Iterable[Job], said: str) -> None:
        """Have jobs wait, and those who asked know why."""
        jobs = list(jobs)
        with self._changed:
            begins = self._queue.fail(jobs, self._steady())
            asked = [(job, self._on_answer.get(job)) for job in jobs]
        if begins:
            log.warning("shipping to %s waits, finished files stay here and are tried again: %s", self.place.url, said)
        for job, on_answer in asked:
            if on_answer is not None:
                on_answer(Answer(job, Outcome.LATER, said))
