"""Ten minutes of all that fails: whether recorders that are left alone keep what they promise."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from .finding import Finding
from .ordeal import FULL, QUICK, Endured, Form, endure

__all__ = ["findings"]

_MOST_LOST = 1.0
_MOST_GROWTH = 5.0  # MB in ten minutes


def findings(folder: Path, *, quick: bool) -> Iterator[Finding]:
    """Let recorders endure it for ten minutes."""
    form = QUICK if quick else FULL
    done = endure(folder, form, random.randrange(1 << 30))
    yield from _about_frames(form, done)
    yield from _about_the_rest(form, done)


def _about_frames(form: Form, done: Endured) -> Iterator[Finding]:
    tally = done.tally
    named = tally.closed + tally.killed
    yield Finding(
        f"{form.seconds:.0f} s, 2 recorders: {tally.sent:,} frames sent",
        f"{tally.recorded:,} recorded, {named:,} named",
        "each is one or the other",
        tally.is_complete,
    )
    for text in tally.wrong:
        yield Finding(f"  {text}", "", "", holds=False)
    yield Finding(f"  {tally.left_out:,} numbers left out by the venue", "each in a gap event", "", holds=True)
    yield Finding(f"  {tally.resets:,} counts begun anew", "each in a reset event", "", holds=True)
    spans = done.mortal.close_spans + done.steady.close_spans
    figure = f"{max(spans, default=0) / 1e9:.2f} s of it at most"
    closes = done.mortal.closes + done.steady.closes
    silences = done.mortal.silences + done.steady.silences
    what = f"  {tally.closed:,} frames not read before {closes} closes, {silences} for silence"
    yield Finding(what, figure, "", holds=True)
    span = max(done.mortal.kill_spans, default=0) / 1e9
    what = f"  {tally.killed:,} frames lost by {done.kills} kills"
    yield Finding(what, f"{span:.2f} s at most", f"at most {_MOST_LOST:.0f} s", span <= _MOST_LOST)


def _about_the_rest(form: Form, done: Endured) -> Iterator[Finding]:
    if done.times_full is None:
        yield Finding("  a full disk", "not tried: cannot mount one", "", holds=True)
    else:
        yield Finding(f"  the disk was full {done.times_full} times", "it went on", "", holds=True)
    if done.steps is None:
        yield Finding("  the clock is set", "not tried: no libfaketime", "", holds=True)
    else:
        early = -min(done.mortal.earliest, done.steady.earliest) / 1e6
        what = f"  the clock was set {done.steps} times: stamps before a frame was sent"
        yield Finding(what, f"{early:.1f} ms at most", "at most 5 ms", early <= 5)
    yield Finding("  ended by themselves, or badly", f"{len(done.failures)} times", "never", not done.failures)
    for text in done.failures:
        yield Finding(f"  {text}", "", "", holds=False)
    resyncs = done.mortal.resyncs + done.steady.resyncs
    what = f"  {resyncs} books subscribed again, {done.steady.replacements} connections replaced"
    yield Finding(what, "", "", holds=True)
    crossed = done.mortal.crossed
    yield Finding("  --verify-books", f"{crossed} of them crossed", "none: none was sent", not crossed)
    what = f"  {done.shipped} files copied by --on-rotate, {done.removed} removed by --keep"
    yield Finding(what, f"{len(done.left_undone)} left undone", "none", not done.left_undone)
    scrapes, held = done.scrapes, done.steady.frames
    answers = scrapes.answered and not scrapes.failed and not scrapes.went_back and scrapes.frames <= held
    what = f"  --metrics, asked {scrapes.answered + scrapes.failed} times"
    yield Finding(what, f"{scrapes.answered} answers", "all of them", bool(answers))
    code, said = done.verified
    yield Finding("  feedrec verify", f"{said.count(': ok (')} files are well", "all of them", code == 0)
    peak = max((one.size for one in done.memory), default=0) / 1e6
    if form.seconds < FULL.seconds:
        yield Finding("  memory of the one that lives", f"{peak:.0f} MB at most", "", holds=True)
        return
    what = f"  memory of the one that lives, {peak:.0f} MB at most"
    yield Finding(
        what, f"{done.growth:+.1f} MB in 10 minutes", f"under {_MOST_GROWTH:.0f} MB", done.growth < _MOST_GROWTH
    )
