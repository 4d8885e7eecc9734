"""What recorders wrote, compared with what the venue noted: file by file, each line once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from feedrec.errors import RecordingError, TruncatedRecordingError
from feedrec.formats import open_recording
from feedrec.formats.file.names import is_part
from feedrec.model import NANOSECONDS, Event, Frame, Record

from .accounting import ConnectionAccount, Tally
from .fickle_feed import numbered_in
from .ledger import WITHHELD, Ledger, digest_of
from .noting_recorder import times_in
from .recorders import Kill

__all__ = ["FilesAccount", "Interval", "account_of"]

_LATE = 10 * NANOSECONDS
"""Nanoseconds after which a recorder has read what came on a new connection, on a machine that runs much at once."""

_EARLY = 5_000_000
"""Nanoseconds that a stamp may be before the frame was sent: clocks may differ by 1 ms until it is recorded."""


class Interval(NamedTuple):
    """From one moment to another, in nanoseconds of the steady clock."""

    start: int
    end: int


class _Open:
    """A connection of a recorder of which no frame is known yet, or which is followed."""

    def __init__(self, opened: int) -> None:
        self.opened = opened
        self.account: ConnectionAccount | None = None
        self.name = ""
        self.closed = False
        self.ledger: Ledger | None = None


class FilesAccount:
    """
    Accounts for all frames by the files of one recorder, in their order.

    Args:
        ledgers: Where the venue's notes are.
        recorder: The path under which this recorder connected; after a dot, a run of it may have a path of its own.
        kills: When a run of it was killed, and what it had received.
        excused: When the disk took nothing, so that more than a second may be lost by a kill.
        tally: Where the outcome goes.

    Attributes:
        close_spans: Nanoseconds from when the first missing frame was sent to the end of its connection.
        kill_spans: Nanoseconds from when the first missing frame was received to when the last one was that had been
            received when it was killed; none while that is excused.
        earliest, latest: By how many nanoseconds a stamp was later than the frame was sent.
        closes: How many connections a `close` ended.
        resyncs: How often a book was subscribed again after a gap.
        crossed: How many books were found to be crossed, or otherwise wrong without a gap.
        silences: How many connections were given up because nothing came.
        replacements: How many connections were replaced before they were closed.
        frames: How many frames are in the files.
        steps: How often the wall clock was set, by the `clock` events.

    """

    def __init__(
        self, ledgers: Path, recorder: str, kills: Sequence[Kill], excused: Sequence[Interval], tally: Tally
    ) -> None:
        self.close_spans: list[int] = []
        self.kill_spans: list[int] = []
        self.earliest = self.latest = self.closes = self.resyncs = self.crossed = self.silences = self.replacements = (
            self.frames
        ) = self.steps = 0
        self._tally, self._ledgers, self._recorder = tally, ledgers, recorder
        self._kills, self._excused = {kill.run: kill for kill in kills}, excused
        self._frames_of = Counter[str]()  # each run
        self._run = -1
        self._runs: set[int] = set()
        self._connections: dict[int, _Open] = {}
        self._bare: list[int] = []
        self._names: set[str] = set()
        self._offset: int | None = None
        self._now = 0

    def take(self, path: Path) -> None:
        """Take the next file."""
        try:
            with open_recording(path) as recording:
                if recording.header.created != self._run:
                    self._end_run()
                    self._run = recording.header.created
                    if self._run in self._runs:
                        self._tally.blame(f"{path.name} is of a run that was over")
                    self._runs.add(self._run)
                for record in recording:
                    self._take(record)
        except TruncatedRecordingError as error:
            if not is_part(path):
                self._tally.blame(f"{path.name}: {error}")
        except RecordingError as error:
            if not is_part(path) or path.stat().st_size:  # else a kill came before its first byte
                self._tally.blame(f"{path.name}: {error}")

    def finish(self) -> None:
        """Take it that there are no more files."""
        self._end_run()
        for kill in self._kills.values():
            self._note_kill(kill)
        paths = self._ledgers.glob(f"{self._recorder}[-.]*")
        unseen = [Ledger.read(path) for path in paths if path.name not in self._names]
        for ledger in sorted(filter(_first_sent, unseen), key=_first_sent):
            self._account_for_unseen(ledger)

    def _take(self, record: Record) -> None:
        if isinstance(record, Event):
            self._take_event(record)
        elif record.direction == "in" and not record.synthetic:
            self._now = record.time - (self._offset or 0)
            self.frames += 1
            self._take_frame(record)

    def _take_frame(self, frame: Frame) -> None:
        connection = self._connections.setdefault(frame.conn, _Open(self._now))
        try:
            name, number = numbered_in(frame.payload)
        except ValueError:
            self._tally.blame(f"{frame.payload[:100]!r} was never sent")
            return
        self._frames_of[_run_of(name)] += 1
        if connection.account is None:
            connection.name = name
            if name in self._names or not (self._ledgers / name).exists():
                self._tally.blame(f"{name} is the name of two connections, or of none")
                return
            self._names.add(name)
            connection.ledger = Ledger.read(self._ledgers / name)
            connection.account = ConnectionAccount(connection.ledger, self._tally)
        if name != connection.name or connection.closed:
            self._tally.blame(f"frame {number} of {name} is among those of {connection.name}, or after its end")
            return
        connection.account.frame(number, digest_of(frame.payload))
        if connection.ledger is not None and number < len(connection.ledger):
            late = self._now - connection.ledger.times[number]
            self.earliest, self.latest = min(self.earliest, late), max(self.latest, late)
            if late < -_EARLY:
                self._tally.blame(f"frame {number} of {name} is stamped {-late / 1e6:.1f} ms before it was sent")

    def _take_event(self, event: Event) -> None:
        details = event.details
        if event.name == "clock" and "monotonic" in details:
            offset = details["wall"] - details["monotonic"]
            self.steps += self._offset is not None and abs(offset - self._offset) > 100_000_000
            self._offset = offset
        self._now = event.time - (self._offset or 0)
        self.resyncs += event.name == "resync"
        self.crossed += event.name in {"crossed", "contradiction"}
        self.silences += event.name == "silence"
        self.replacements += event.name == "replaced"
        if event.name == "lost":
            self._tally.blame(f"{details.get('frames')} frames are lost: {details.get('reason')}")
        if event.conn is None:
            return
        if event.name == "open":
            self._connections[event.conn] = _Open(self._now)
        connection = self._connections.get(event.conn)
        if connection is not None and event.name in {"gap", "reset", "close"}:
            self._tell(connection, event.name, details)

    def _tell(self, connection: _Open, name: str, details: dict[str, Any]) -> None:
        """Tell the account of a connection of an event that is about its frames."""
        if name == "close":
            connection.closed = True
            self.closes += 1
        if connection.account is None:
            return
        if name == "gap":
            connection.account.gap(details["expected"], details["received"], details["missing"])
        elif name == "reset":
            connection.account.reset(details["received"])
        else:
            since = connection.account.ended(killed=False)
            if since is not None:
                self.close_spans.append(max(0, self._now - since))

    def _end_run(self) -> None:
        """End the connections that no `close` ended: their recorder was killed after the last line of its files."""
        for connection in self._connections.values():
            if connection.account is None:
                self._bare += [connection.opened] * connection.closed
            elif not connection.closed and _run_of(connection.name) in self._kills:
                connection.account.ended(killed=True)
            else:
                connection.account.over()
        self._connections.clear()
        self._offset = None

    def _note_kill(self, kill: Kill) -> None:
        """Note how long that took to arrive which a kill has cost."""
        received, frames = times_in(kill.notes), self._frames_of[kill.run]
        if frames > len(received):
            self._tally.blame(f"{kill.notes.name}: {frames} frames are recorded, and {len(received)} were received")
        elif frames < len(received) and not self._is_excused(kill.time):
            self.kill_spans.append(received[-1] - received[frames])

    def _is_excused(self, time: int) -> bool:
        return any(start <= time <= end for start, end in self._excused)

    def _account_for_unseen(self, ledger: Ledger) -> None:
        """Account for a connection of which no frame was recorded: it was killed at once, or closed."""
        sent, first = len(ledger) - ledger.kinds.count(WITHHELD), _first_sent(ledger)
        self._tally.sent += sent
        opened = max((one for one in self._bare if one <= first + _EARLY), default=None)
        if self._was_cut_off(ledger.name, first):
            self._tally.killed += sent
        elif opened is not None:
            self._bare.remove(opened)  # it is one connection, and no other
            self._tally.closed += sent
        else:
            self._tally.blame(f"connection {ledger.name}: nothing of {sent} frames is recorded", sent)

    def _was_cut_off(self, name: str, first: int) -> bool:
        """
        Tell whether a connection was the last one of a run that was killed before it had to have it on the disk.

        What was received more than a second before, `kill_spans` shows. What was not had been sent a moment before, or
        after the kill: a venue hears the last that a client said, and answers, before it notices that it is gone.
        """
        kill = self._kills.get(_run_of(name))
        if kill is None or any(_run_of(other) == kill.run and other > name for other in self._names):
            return False
        return kill.time - first < _LATE or self._is_excused(kill.time)


def _run_of(name: str) -> str:
    """Return the path under which a connection was opened."""
    return name.rpartition("-")[0]


def _first_sent(ledger: Ledger) -> int:
    """Return when the first frame of a connection was sent; 0 if none was."""
    return next((time for time, kind in zip(ledger.times, ledger.kinds, strict=True) if kind != WITHHELD), 0)


def account_of(files: Iterable[Path], account: FilesAccount) -> FilesAccount:
    """Have an account take all files of a recorder."""
    for path in files:
        account.take(path)
    account.finish()
    return account
