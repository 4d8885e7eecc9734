"""Whether a recorder that serves its feed, and its clients, keep what is promised while its processes are killed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from ..finding import Finding
from .notes import Session
from .ordeal import FULL, QUICK, Served, serve

__all__ = ["findings"]

_MOST_LOST = 1.0


def findings(folder: Path, *, quick: bool) -> Iterator[Finding]:
    """Kill the processes of a recorder one after another."""
    form = QUICK if quick else FULL
    done = serve(folder, form, random.randrange(1 << 30))
    tally, live = done.tally, done.live
    killed = ", ".join(f"{done.kills[name]} of the {name}" for name in sorted(done.kills))
    yield Finding(
        f"live, {form.seconds:.0f} s, {tally.sent:,} frames sent",
        f"{tally.recorded:,} recorded, {tally.closed + tally.killed:,} named",
        "each is one or the other",
        tally.is_complete,
    )
    span = max(done.files.kill_spans, default=0) / 1e9
    yield Finding(f"  kills: {killed}", f"{span:.2f} s lost at most", f"at most {_MOST_LOST:.0f} s", span <= _MOST_LOST)
    yield Finding(
        f"  {live.sessions} sessions of {form.readers} clients, {live.states} states given",
        f"{live.frames:,} frames in order",
        "none is missing",
        not live.faults and live.frames > 0,
    )
    yield Finding(f"  {live.books} books compared", "all are right", "as the files tell", live.books > 0)
    for text in (*tally.wrong, *live.wrong):
        yield Finding(f"  {text}", "", "", holds=False)
    yield from _about_the_rest(done)


def _about_the_rest(done: Served) -> Iterator[Finding]:
    yield Finding("  a client that never reads", f"lost its connection {done.cuts} times", "", holds=True)
    yield Finding("  until a client was served again", f"{_longest_away(done.sessions):.1f} s at most", "", holds=True)
    yield Finding("  ended by themselves, or badly", f"{len(done.failures)} times", "never", not done.failures)
    for text in done.failures:
        yield Finding(f"  {text}", "", "", holds=False)
    what = ", ".join(done.left)
    yield Finding(f"  left behind {what}".rstrip(), f"{len(done.left)} files", "none", not done.left)


def _longest_away(sessions: list[Session]) -> float:
    """Return the seconds for which a client had no frames at most, between two sessions of it."""
    ended: dict[str, int] = {}
    longest = 0
    for session in sessions:
        if session.first and session.client in ended:
            longest = max(longest, session.first - ended[session.client])
        if session.first:
            ended[session.client] = session.ended
    return longest / 1e9
