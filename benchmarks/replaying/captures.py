"""
Real captures at the speed of recording: how late their frames are, and how exact their length is.

The goals: a p99 of 2 ms, and 0.1 % of the length, from the first snapshot that the client has to the last frame. Where
there are no captures, the demo stands for them. The baseline is a server that sleeps until each frame is due. With a
browser, which has a low priority, the goal of the p99 is 5 ms, and the baseline the same replay without it.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from feedrec.feeds import find_feed, rule_of
from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Frame, Header

from ..material import CAPTURES, DEMO, captured, frames, sent_in
from ..measuring import Row, compared, figure_at_most, measured
from ..processes import serving
from ..raw_client import CHANNELS, CLOSE, connected, message_from, request, text_message
from ..steering.browser import BROWSER, browsing

__all__ = ["Played", "playable", "rows"]

_GOAL_OF_P99, _GOAL_BESIDE_PAGE, _GOAL_OF_LENGTH = 2.0, 5.0, 0.1
_QUICK = 2 * NANOSECONDS
_SNAPSHOT = b'"snapshot"'


class Played(NamedTuple):
    """
    A recording that is played.

    Attributes:
        name: Its name.
        path: Where it is.
        wanted: The messages that subscribe all of it.
        seconds: From its first snapshot to its last frame.

    """

    name: str
    path: Path
    wanted: Sequence[bytes]
    seconds: float


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Play each once with each server, and with its page open in a browser if there is one."""
    for one in playable(folder, quick=quick):
        replay = ("feedrec", "replay", one.path, "--port", 0, "--settle", "1ms", "--at-end", "exit", "--json", "-qq")
        bare, _ = _play(one, "benchmarks.send_server", one.path, 1)
        p99, seconds = _play(one, *replay)
        goal = figure_at_most(_GOAL_OF_P99)
        yield compared(f"{one.name} at speed 1: lateness p99", "ms", [bare], [p99], goal=goal)
        error = abs(seconds / one.seconds - 1) * 100
        goal = figure_at_most(_GOAL_OF_LENGTH)
        yield measured(f"{one.name} at speed 1: error of its length", "%", [error], goal=goal)
        if BROWSER is not None:
            beside, _ = _play(one, *replay, shows=True)
            what, goal = "lateness p99 beside its page in a browser", figure_at_most(_GOAL_BESIDE_PAGE)
            yield compared(f"{one.name} at speed 1: {what}", "ms", [p99], [beside], goal=goal)


def playable(folder: Path, *, quick: bool) -> Iterator[Played]:
    """Make recordings of the captures, or of the beginning of one."""
    for capture in CAPTURES[:1] if quick else CAPTURES:
        name, path = capture.name.partition(".")[0], folder / f"{capture.name.partition('.')[0]}.jsonl.zst"
        feed = find_feed(f"coinbase-{name.partition('_')[0]}")
        received, _ = captured(capture)
        received = [frame for frame in received if not quick or frame.time < received[0].time + _QUICK]
        writer = create_recording(path, Header(feed.name, created=received[0].time), make_rule=rule_of(feed))
        for frame in received:
            writer.write(frame, feed.describe(frame.payload))
        writer.finish()
        wanted = [
            one.replace('["level2"]', '["level2_batch"]') for one in sent_in(capture)
        ]  # for which no key is needed
        yield Played(name, path, [text_message(one) for one in wanted], _length(received))
    if not CAPTURES:
        asked = [request("subscribe", channel, "BTC-USD", "ETH-USD") for channel in CHANNELS]
        yield Played("the demo", DEMO, asked, _length(frames()))


def _length(received: Sequence[Frame]) -> float:
    first = next(frame for frame in received if _SNAPSHOT in frame.payload)
    return (received[-1].time - first.time) / NANOSECONDS


def _play(one: Played, *server: object, shows: bool = False) -> tuple[float, float]:
    """Return the p99 of the lateness in ms, and the seconds from the first snapshot that the client had to the end."""
    with serving(*server) as venue, contextlib.ExitStack() as stack:
        if shows:
            stack.enter_context(browsing(f"http{venue.url.removeprefix('ws')}/_feedrec/"))
        first = last = 0.0
        with connected(venue.url) as connection:
            connection.sendall(b"".join(one.wanted))
            with contextlib.suppress(EOFError):
                while message := message_from(connection):
                    last = time.perf_counter()
                    first = first or last * (_SNAPSHOT in message)
            connection.sendall(CLOSE)
            p99: int = json.loads(venue.last_line())["lateness_ns"]["p99"]
    return max(p99, 1) / 1e6, last - first
