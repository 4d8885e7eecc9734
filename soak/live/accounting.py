"""
Account for everything that a client was given in a session.

- Each frame is what the venue sent, and none comes twice or before one that was recorded earlier.
- Of each channel and product it begins with the state, if there was anything before, and then has every recorded frame
  after the one that the state is as of, up to the last frame of the session.
- Books, of states and at the end, are those that the files tell as of the same frame.

A recorder that is killed loses up to a second of what it had received and passed on: such frames need only be the
venue's, and in its order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping

from ..ledger import SENT, Ledger
from .notes import Session, StateNote
from .truth import Place, Run, run_of

__all__ = ["LiveTally", "SessionAccount", "books_in"]

_SHOWN = 20
_WITHOUT_STATE = frozenset(["heartbeats"])


class LiveTally:
    """
    What came of many sessions.

    Attributes:
        sessions: How many there were.
        frames: Recorded frames that clients were given, over all of them.
        states: Snapshots that a server made.
        books: Books that were compared, of states and at the end of sessions.
        beyond: Frames that clients were given and that no file has, since the recorder was killed.
        wrong: What breaks a promise, in words: the first of it.
        faults: How much does.

    """

    def __init__(self) -> None:
        self.sessions = self.frames = self.states = self.books = self.beyond = self.faults = 0
        self.wrong: list[str] = []

    def blame(self, text: str) -> None:
        """Note something that breaks a promise."""
        self.faults += 1
        if len(self.wrong) < _SHOWN:
            self.wrong.append(text)


def books_in(session: Session) -> set[tuple[str, Place]]:
    """Return of which products and as of which frames it has books."""
    columns = session.columns
    found = {(note.product, (note.connection, note.number)) for note in session.books}
    for state in session.states:
        if state.digest:
            connection = columns.connections[columns.places[state.place]]
            found.add((state.key[1], (connection, columns.numbers[state.place])))
    return found


class SessionAccount:
    """
    Compares a session with what the venue sent and the recorder recorded.

    Args:
        session: What the client noted.
        runs: What is recorded, by run.
        ledgers: Returns what the venue noted of a connection; None if there was none.
        tally: Where the outcome goes.

    """

    def __init__(
        self,
        session: Session,
        runs: Mapping[str, Run],
        ledgers: Callable[[str], Ledger | None],
        tally: LiveTally,
    ) -> None:
        self._session, self._columns, self._ledgers, self._tally = session, session.columns, ledgers, tally
        self._states = {state.place: state for state in session.states}
        names = sorted({run_of(connection) for connection in session.connections})
        if len(names) > 1:
            self._blame(f"it has frames of {len(names)} runs")
        self._run = runs.get(names[0], Run()) if names else Run()
        self._begun: dict[int, int] = {}  # for each key, which of its frames the client has
        self._last = -1  # the place of the last frame
        self._last_beyond: Place = ("", -1)

    def take(self) -> None:
        """Account for it."""
        self._tally.sessions += 1
        for text in self._session.odd:
            self._blame(f"it was given {text!r}")
        for place in range(len(self._columns)):
            self._take(place)
        for key, index in self._begun.items():
            places = self._run.of_key[key]
            if index + 1 < len(places) and places[index + 1] < self._last:
                self._blame(f"frames of {self._name_of(key)} are missing at its end")
        for note in self._session.books:
            self._compare(note.product, (note.connection, note.number), note.digest, "its end")

    def _take(self, place: int) -> None:
        columns = self._columns
        connection, number = columns.connections[columns.places[place]], columns.numbers[place]
        ledger = self._ledgers(connection)
        if ledger is None or not 0 <= number < len(ledger) or ledger.kinds[number] != SENT:
            self._blame(f"frame {number} of {connection} was never sent")
            return
        state, is_sent = self._states.get(place), ledger.digests[number] == columns.digests[place]
        if not is_sent and state is None:
            self._blame(f"frame {number} of {connection} is not what was sent")
        elif state is not None and not is_sent:
            self._take_state(state, (connection, number))
        else:
            self._take_frame((connection, number), begins=state is not None)
        if state is not None and state.digest:
            self._compare(state.key[1], (connection, number), state.digest, "a snapshot")

    def _take_state(self, state: StateNote, at: Place) -> None:
        self._tally.states += 1
        place = self._place_of(at)
        if place is None:
            return
        key = self._run.keys[place]
        if self._run.known.get(state.key) != key:
            self._blame(f"the state of {state.key} is as of a frame of {self._name_of(key)}")
        elif key in self._begun:
            self._blame(f"the state of {state.key} comes amid its frames")
        else:
            self._begun[key] = bisect_left(self._run.of_key[key], place)

    def _take_frame(self, at: Place, *, begins: bool) -> None:
        place = self._place_of(at)
        if place is None:
            self._tally.beyond += 1
            if self._last_beyond[0] == at[0] and at[1] <= self._last_beyond[1]:
                self._blame(f"frame {at} comes after {self._last_beyond}")
            self._last_beyond = at
            return
        self._tally.frames += 1
        if place <= self._last or self._last_beyond[1] >= 0:
            self._blame(f"frame {at} comes after a later one")
        self._last = max(place, self._last)
        key = self._run.keys[place]
        index, before = bisect_left(self._run.of_key[key], place), self._begun.get(key)
        channel = self._name_of(key)[0]
        if before is None and index and not begins and channel not in _WITHOUT_STATE:
            self._blame(f"{self._name_of(key)} begins with frame {at}, without its state")
        elif before is not None and index != before + 1:
            self._blame(f"{index - before - 1} frames of {self._name_of(key)} are missing before {at}")
        self._begun[key] = index

    def _place_of(self, at: Place) -> int | None:
        """Return the place of a frame in its run; None if the files no longer had it."""
        place = self._run.places.get(at[0], {}).get(at[1])
        if place is None and at[1] < self._run.last.get(at[0], -1):
            self._blame(f"frame {at} was given and not recorded")
        return place

    def _compare(self, product: str, at: Place, digest: int, which: str) -> None:
        true = self._run.books.get((product, at))
        if true is None and self._place_of(at) is None:
            return
        self._tally.books += 1
        if true != digest:
            self._blame(f"the book of {product} as of {at}, of {which}, is another one")

    def _name_of(self, key: int) -> tuple[str, str]:
        return next(name for name, number in self._run.known.items() if number == key)

    def _blame(self, text: str) -> None:
        session = self._session
        self._tally.blame(f"{session.client}, session of {session.ended / 1e9:.2f} ({session.end}): {text}")
