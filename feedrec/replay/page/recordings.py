"""The recordings that a page shows: what their indexes say, and when they begin and end."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self, cast

from ...errors import RecordingError
from ...feeds import feed_of
from ...feeds.base import Feed
from ...feeds.raw import FEEDS as RAW
from ...formats import Recording, open_recording
from ...formats.facts.file_facts import FileFacts, decode_facts
from ...formats.file.opening import under_current_name
from ...formats.file.recording_file import RecordingFile
from ...formats.line.fast_path import time_texts
from ...formats.line.index import Index
from ...formats.stream.zstd_parser import looks_like_zstd
from ...model import Header, parse_time
from .parameters import LONGEST

__all__ = ["PageFile", "PageRecordings"]

_MOST_OPEN = 16
_SMALL = 16 << 20  # bytes of a file that is read to know when it ends
_MAGIC = 4  # bytes
_REST = 10  # times as long as it took to see how long a recording is, until that is seen again


class PageFile:
    """
    One recording.

    Args:
        number: Its number among those that are shown.
        path: The file.

    Attributes:
        number: See above.
        path: See above.
        header: Its first line.
        index: Its index; None if it has none.
        facts: What it says of itself; None if it says nothing.
        feed: What is spoken in it; that of `raw` if the catalogue does not know its endpoint.

    Raises:
        RecordingError: If it cannot be read.

    """

    def __init__(self, number: int, path: Path) -> None:
        self.number = number
        self.path = path
        with self.open() as recording:
            self.header: Header = recording.header
            self.index: Index | None = recording.index
            self._first, self._last = _ends_of(recording)
            self.size = recording.size
            self.is_live = recording.is_live
            summary = getattr(recording, "summary", None) if self.index is None else self.index.summary
        self.facts: FileFacts | None = None if summary is None else decode_facts(summary)
        self._again_at = 0.0
        self.feed: Feed = feed_of(self.header.endpoint) or RAW["raw"]

    def open(self) -> Recording:
        """Open it, under whichever of its names it has now."""
        return under_current_name(self.path, open_recording)

    @property
    def book_channels(self) -> Mapping[str, str]:
        """The channels of books that its venue has, each with the one as which its frames are described."""
        return cast("Mapping[str, str]", getattr(self.feed, "book_channels", {}))

    @property
    def tells_frames(self) -> bool:
        """Whether it tells itself how many frames it has when."""
        return self.index is not None or self.facts is not None

    @property
    def endpoint(self) -> str:
        """The name of its endpoint."""
        return self.header.endpoint

    @cached_property
    def catalogue(self) -> dict[str, list[str]]:
        """Its products by channel, as it tells itself; else what was subscribed."""
        if self.index is not None:
            return self.index.products
        names: dict[str, list[str]] = {}
        if self.facts is not None:
            for figures in self.facts.channels:
                names.setdefault(figures.channel, []).extend([figures.product] if figures.product else [])
            return names
        for one in self.header.subscriptions:
            channel, products = self.feed.channel_name(str(one.get("channel", ""))), one.get("products")
            names.setdefault(channel, []).extend(map(str, products if isinstance(products, list) else ()))
        return names

    @cached_property
    def products(self) -> frozenset[str]:
        """Its products, but for names that are too long to be asked for."""
        return frozenset(
            product for products in self.catalogue.values() for product in products if 0 < len(product) <= LONGEST
        )

    def reaches(self, time: int) -> None:
        """Take note that it has a line of this time."""
        self._last = max(time, self._last or 0)

    @property
    def first(self) -> int | None:
        """The earliest time of its lines in nanoseconds; None if it has none."""
        return self._first

    @property
    def last(self) -> int | None:
        """The latest time of its lines in nanoseconds, as far as it is known."""
        return self._last

    def look_again(self, now: Callable[[], float] = time.monotonic) -> bool:
        """
        See how long a recording without an index is by now, but not all the time; return whether it has grown.

        Raises:
            RecordingError: If it cannot be read.

        """
        began = now()
        if self.index is not None or began < self._again_at:
            return False
        with self.open() as recording:
            self.is_live = recording.is_live
            if recording.size == self.size:
                return False
            self.size = recording.size
            first, last = _ends_of(recording)
        self._again_at = now() + _REST * (now() - began)
        self._first = first if self._first is None else self._first
        if last is not None:
            self.reaches(last)
        return True


class PageRecordings:
    """
    The recordings of a page. Use them in a `with` block, or close them.

    Args:
        paths: The files, at least one.
        start: The wall time at which the replay begins, in nanoseconds; None for the beginning of the recordings.
        end: The wall time at which it ends; None for their end.
        origin: The wall time from which milliseconds count; None for `start`.

    Attributes:
        files: The recordings.
        start: When what is shown begins, in nanoseconds.
        origin: See above.

    Raises:
        RecordingError: If one of them cannot be read.

    """

    def __init__(
        self, paths: Sequence[Path], start: int | None = None, end: int | None = None, origin: int | None = None
    ) -> None:
        self.files = [PageFile(number, path) for number, path in enumerate(paths)]
        firsts = [file.first for file in self.files if file.first is not None]
        first = min(firsts, default=self.files[0].header.created)
        self.start = max(first, start or 0)
        self.origin = self.start if origin is None else origin
        self._end = end
        self._open: OrderedDict[int, Recording] = OrderedDict()

    @property
    def end(self) -> int:
        """When what is shown ends, in nanoseconds: after the last line, as far as that is known."""
        lasts = [file.last for file in self.files if file.last is not None]
        last = max(lasts, default=self.start) + 1
        return max(min(last, self._end) if self._end is not None else last, self.start)

    @property
    def products(self) -> list[str]:
        """Their products, as far as indexes and subscriptions tell, and names are of a length that can be asked for."""
        return sorted({product for file in self.files for product in file.products})

    @property
    def channels(self) -> list[str]:
        """Their channels, likewise."""
        return sorted({channel for file in self.files for channel in file.catalogue if 0 < len(channel) <= LONGEST})

    @property
    def grows(self) -> bool:
        """Whether one of them is still being written."""
        return any(file.is_live for file in self.files)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open of them; it is opened again when it is needed."""
        while self._open:
            self._open.popitem()[1].close()

    def reader_of(self, file: PageFile) -> Recording:
        """
        Return a recording, open; it is closed when it was not asked for lately.

        Raises:
            RecordingError: If it cannot be opened.

        """
        known = self._open.pop(file.number, None)
        self._open[file.number] = reader = file.open() if known is None else known
        if len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        return reader

    @property
    def may_have_books(self) -> bool:
        """Whether one of them is of a venue whose order books feedrec knows."""
        return any(file.book_channels for file in self.files)

    def of_endpoint(self, name: str) -> list[PageFile]:
        """Return the recordings of an endpoint."""
        return [file for file in self.files if file.endpoint == name]

    def look_again(self) -> None:
        """See how long they are by now."""
        for file in self.files:
            with contextlib.suppress(RecordingError):  # whoever reads it reports that
                file.look_again()


def _ends_of(recording: Recording) -> tuple[int | None, int | None]:
    """Return the earliest and the latest time of the lines of a recording, as far as that is easily told."""
    if recording.index is not None:
        spans = [(block.first, block.last) for block in recording.index.blocks if block.first is not None]
        return min((span[0] for span in spans), default=None), max((span[1] or 0 for span in spans), default=None)
    first = None
    with contextlib.suppress(RecordingError):  # of what is damaged, the beginning counts
        first = _time_among(next(recording.batches(), []), 0)
    last = next((found for lines in recording.blocks_back() if (found := _time_among(lines, -1))), None)
    if recording.size <= _SMALL or _is_in_blocks(recording.path):
        with contextlib.suppress(RecordingError):  # there may be some after the last whole block
            for lines in recording.batches(last or first):
                last = max(_time_among(lines, -1) or 0, last or 0)
    return first, last or first


def _is_in_blocks(path: Path) -> bool:
    """Return whether a file is one of which any time is found without reading what is before."""
    with contextlib.closing(RecordingFile(path)) as file:
        return looks_like_zstd(file.read_at(0, _MAGIC))


def _time_among(lines: Sequence[bytes], place: int) -> int | None:
    times = [text for text in time_texts(lines) if text] if lines else []
    return parse_time(times[place].decode()) if times else None
