"""What a book is read from: recordings of one endpoint, whose feed tells books, and a product that they have."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, cast

from ...errors import DamagedRecordingError, LineError, UsageError
from ...feeds import endpoint_names, feed_of, rule_of, venue_of
from ...feeds.sequence import SequenceRule
from ...feeds.state.book import PriceLevelBook, book_in
from ...feeds.state.new_state import new_state
from ...feeds.venue import FeedState, Key, VenueFeed
from ...formats import Recording, open_recording
from ...formats.facts.file_facts import FileFacts, decode_facts
from ...formats.file.opening import under_current_name
from ...formats.line.codec import decode_line
from ...formats.line.fast_path import time_texts
from ...formats.several.folder import find_recordings
from ...formats.several.inputs import Input, refuse_doubles, runs_of
from ...model import Frame, Header, parse_time
from ...spelling import did_you_mean, few_of
from ..timeline.survey import survey_recordings
from ..timeline.timeline import Timeline, inspect_recordings
from ..venue.rebuild import Rebuilder

__all__ = ["BookSource", "End", "received_in"]


class End(NamedTuple):
    """
    How a recording ends.

    Attributes:
        last: The time of its last line, in nanoseconds; None if it has none.
        received: When its last frame was received; None if none was.
        is_live: Whether it is still being written.

    """

    last: int | None
    received: int | None
    is_live: bool = False


class BookSource:
    """
    Recordings, and the product whose book is wanted.

    Args:
        paths: Recordings, or folders of them, of one endpoint.
        product: The product; None if they have one alone.

    Attributes:
        files: What the first lines of the recordings say.
        feed: What is spoken there.
        timeline: The recordings.
        channel: The channel of the book, as frames are described.
        product: The product.

    Raises:
        UsageError: If they are of several endpoints, of one whose books are not known, or there is no such book.
        RecordingError: If one of them cannot be read.

    """

    def __init__(self, paths: Sequence[Path], product: str | None) -> None:
        self.files: list[Input] = inspect_recordings(find_recordings(paths))
        if len(self.files) > 1:
            refuse_doubles(self.files)
        self.feed = feed = _feed_of(self.files)
        names = [one.path for one in self.files]
        self.timeline = Timeline(names, describe=feed.describe, describe_all=feed.describe_all, files=list(self.files))
        self.channel, self.product = self._chosen(product)

    @property
    def key(self) -> Key:
        """Channel and product."""
        return self.channel, self.product

    @property
    def created(self) -> int:
        """When the first recording was begun, in nanoseconds: what offsets count from."""
        return self.headers[0].created

    @cached_property
    def headers(self) -> list[Header]:
        """The header of each recording."""
        return [one.header for one in self.files]

    @cached_property
    def runs(self) -> list[int]:
        """The number of the run of which each recording is a part; one that does not say is a run by itself."""
        return runs_of(self.headers)

    @cached_property
    def continued(self) -> set[int]:
        """The numbers of the recordings that go on from another one of them: the state at their beginning is known."""
        return self.timeline.continued()

    @cached_property
    def facts(self) -> list[FileFacts | None]:
        """What each recording says of itself; None if it says nothing."""
        summaries = [None if index is None else index.summary for index in self.timeline.indexes()]
        return [None if summary is None else decode_facts(summary) for summary in summaries]

    @cached_property
    def ends(self) -> list[End]:
        """How each recording ends."""
        return [self._end_of(number) for number in range(len(self.files))]

    @cached_property
    def rebuilder(self) -> Rebuilder:
        """What rebuilds states of them."""
        return Rebuilder(self.timeline, self.feed)

    @property
    def last_received(self) -> int | None:
        """When the last frame was received, in nanoseconds; None if none was."""
        return max((one.received for one in self.ends if one.received is not None), default=None)

    @property
    def first_time(self) -> int:
        """The time of the first line, in nanoseconds; 0 if there is none."""
        return min((parse_time(one.first.decode()) for one in self.files if one.first), default=0)

    def new_state(self) -> FeedState:
        """
        Return a state that keeps the book, and has seen nothing.

        Raises:
            UsageError: If the feed has none.

        """
        state = new_state(self.feed, frozenset([self.key]))
        if state is None:
            raise UsageError(f"{self.feed.name} does not tell the books of its products")
        return state

    def book_in(self, states: Iterable[FeedState]) -> PriceLevelBook | None:
        """Return the book that one of some states has; None if none of them has it."""
        found = (book_in(state, *self.key) for state in states)
        return next((book for book in found if book is not None), None)

    def rule_for(self, number: int) -> Callable[[bool], SequenceRule] | None:
        """Return what makes the sequence rule of a recording; None if holes in its numbers tell nothing."""
        return None if self.headers[number].left_out else rule_of(self.feed)

    def open(self, number: int) -> Recording:
        """Open a recording."""
        return under_current_name(self.files[number].path, open_recording)

    def _end_of(self, number: int) -> End:
        index, facts = self.timeline.indexes()[number], self.facts[number]
        if index is not None and facts is not None:
            lasts = [block.last for block in index.blocks if block.last is not None]
            received = facts.received.last
            return End(max(lasts, default=None), None if received is None else received[1])
        with self.open(number) as recording:
            return _end_of(recording)._replace(is_live=recording.is_live)

    def _chosen(self, product: str | None) -> Key:
        """Return the channel of the book, and its product."""
        books = self._books()
        names = [name for _, name in books]
        if not books:
            which = f"{self.files[0].path} has" if len(self.files) == 1 else f"these {len(self.files)} recordings have"
            channels = " or ".join(dict.fromkeys(_book_channels(self.feed)))
            raise UsageError(f"{which} no order book: record the channel {channels}")
        if product is None and len(books) > 1:
            raise UsageError(f"there are books of {few_of(names)}: choose one by its product, with -p")
        found = [book for book in books if product in (None, book[1])]
        if not found:
            hint = did_you_mean(str(product), names)
            raise UsageError(f"there is no book of {product!r}{hint} (there are those of {few_of(names)})")
        return found[0]

    def _books(self) -> list[Key]:
        """Return what books there are, in the order of their products."""
        books = _book_channels(self.feed)
        found: set[Key] = set()
        for number, index in enumerate(self.timeline.indexes()):
            its: Mapping[str, Sequence[str]] = {} if index is None else index.products
            if index is None or "" in its:
                its = survey_recordings([self.files[number].path], self.feed).catalogue
            found |= {(books.get(channel, channel), product) for channel, some in its.items() for product in some}
        return sorted((key for key in found if key[0] in books.values() and key[1]), key=lambda key: key[1])


def _feed_of(files: Sequence[Input]) -> VenueFeed:
    """Return the feed of the endpoint that all recordings are of."""
    header, path = files[0].header, files[0].path
    for other in files[1:]:
        if other.header.endpoint != header.endpoint:
            raise UsageError(
                f"{path} is a recording of {header.endpoint}, {other.path} of {other.header.endpoint}: "
                "name recordings of one endpoint"
            )
    feed = venue_of(header.endpoint)
    if feed is None or not _book_channels(feed):
        known = [name for name in endpoint_names() if _book_channels(feed_of(name))]
        raise UsageError(
            f"{path} is a recording of {header.endpoint}, of which feedrec knows no order books "
            f"(it knows those of {', '.join(known)})"
        )
    return feed


def _book_channels(feed: object) -> Mapping[str, str]:
    """Return the channels of books, each with the one as which its frames are described; a plug-in may have none."""
    return cast("Mapping[str, str]", getattr(feed, "book_channels", {}))


def _end_of(recording: Recording) -> End:
    """Return how a recording ends that does not say so."""
    block = next((_end_in(lines) for lines in recording.blocks_back() if lines), None)
    start = None if block is None or block.received is None else block.last
    last: int | None = None
    received: int | None = None
    with contextlib.suppress(DamagedRecordingError):  # the reading reports it
        for lines in recording.batches(start):  # there may be some after the last whole block
            end = _end_in(lines)
            last = end.last or last
            received = end.received or received
    return End(last, received or (None if block is None else block.received))


def _end_in(lines: Sequence[bytes]) -> End:
    """Return the time of the last of some lines, and of the last received frame among them."""
    times = [text for text in time_texts(lines) if text]
    last = parse_time(times[-1].decode()) if times else None
    for line in reversed(lines):
        frame = received_in(line) if b'"dir":"in"' in line else None
        if frame is not None:
            return End(last, frame.time)
    return End(last, None)


def received_in(line: bytes) -> Frame | None:
    """Return the received frame that a line has; None if it has none, or is no line, as whoever reads all reports."""
    try:
        record = decode_line(line)
    except LineError:
        return None
    return record if isinstance(record, Frame) and record.direction == "in" else None
