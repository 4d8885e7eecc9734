"""
One recording of several of the same feed.

    dedupe.py          reads and writes
    segments.py        what one connection received without a break
    segment_finder.py  finds it
    leading.py         which segment leads a track
    choosing.py        which lines are taken
    numbered_lines.py  lines with their numbers and steady times
    wanted_lines.py    lines that are looked at
    writing.py         lines that were chosen
    one_clock.py       their times, on one clock
    coverage.py        what each recording has alone
    numbers.py         sets of numbers with few holes
    protocols.py       what a feed tells of its frames
"""

from .coverage import Coverage
from .dedupe import Deduplication, Share, dedupe

__all__ = ["Coverage", "Deduplication", "Share", "dedupe"]
