"""Which segment leads, where frames share a time or the leading one is given up: what may be missing is said."""

from __future__ import annotations

from collections.abc import Sequence

from feedrec.feeds.tracks.track_rule import Cover, Track
from feedrec.formats.dedupe.leading import Leading, Missing, Verdict
from feedrec.formats.dedupe.segments import Segment

BOOK = Track("level2", "BTC-USD", is_state=True)
TRADES = Track("market_trades", "BTC-USD", is_counted=True)
SWAPS = Track("onchain@transaction", "0x1", reach=5)


def segment_of(rank: int, start: int, end: int, last: int, track: Track = BOOK) -> Segment:
    """Return a segment of a recording on a connection of the same number, up to a line."""
    found = Segment(rank, rank, track, start, end, 0, 0)
    found.last = last
    return found


class Told:
    """What is told of a book by frames that come one after another."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.dealt_with: dict[int, int] = {}
        self.leading = Leading(segments[0].track, segments, self.dealt_with)
        self.frames: list[str] = []
        self.missing: list[tuple[int, int]] = []

    def take(self, segment: Segment, time: int, content: str, *, line: int = 0, is_start: bool = False) -> Verdict:
        cover = Cover(time, time, content.encode())
        verdict = self.leading.judge(segment, cover, is_start=is_start)
        if verdict in (Verdict.WAIT, Verdict.WAIT_SHORTLY):
            return verdict
        missing = self.leading.take(segment, cover, verdict, is_start=is_start)
        self.dealt_with[segment.conn] = line
        if isinstance(missing, Missing):
            self.missing.append((missing.after, missing.before))
        if verdict is not Verdict.LEAVE:
            self.frames.append(content)
        return verdict


def test_who_comes_back_amid_frames_of_one_time_does_not_lead_before_the_others_are_told() -> None:
    back, other = segment_of(0, start=50, end=90, last=9), segment_of(1, start=10, end=90, last=9)
    told = Told([back, other])
    told.take(other, 10, "snapshot", is_start=True)
    told.take(other, 50, "a")
    assert told.take(back, 50, "c") is Verdict.WAIT_SHORTLY
    told.take(other, 50, "b")
    told.take(other, 50, "c")
    told.take(back, 50, "c")
    told.take(other, 60, "d")
    told.take(back, 70, "e")
    assert (told.frames, told.missing) == (["snapshot", "a", "b", "c", "d", "e"], [])


def test_where_one_ends_and_another_begins_amid_frames_of_one_time_some_may_be_missing() -> None:
    first, second = segment_of(0, start=10, end=50, last=5), segment_of(1, start=50, end=90, last=9)
    told = Told([first, second])
    told.take(first, 10, "snapshot", is_start=True)
    told.take(first, 50, "a", line=5)
    told.take(second, 50, "c")
    assert (told.frames, told.missing) == (["snapshot", "a", "c"], [(50, 50)])
    assert not told.leading.is_whole


def test_where_one_ends_amid_frames_of_one_time_the_rest_is_taken_of_one_that_has_them_all() -> None:
    first, second = segment_of(0, start=10, end=50, last=5), segment_of(1, start=20, end=90, last=9)
    told = Told([first, second])
    told.take(first, 10, "snapshot", is_start=True)
    told.take(first, 50, "a", line=5)
    for content in ("a", "b", "c"):
        told.take(second, 50, content)
    assert (told.frames, told.missing) == (["snapshot", "a", "b", "c"], [])


def test_what_one_that_was_given_up_had_still_to_tell_is_missing() -> None:
    late, other = segment_of(0, start=10, end=50, last=5), segment_of(1, start=20, end=90, last=9)
    told = Told([late, other])
    told.take(late, 10, "snapshot", is_start=True)
    told.take(late, 30, "a")
    assert told.take(other, 40, "b") is Verdict.LEAVE  # the one that leads goes on beyond it
    assert told.take(other, 60, "c") is Verdict.WAIT
    told.leading.give_up_leader()
    told.take(other, 60, "c")
    assert (told.frames, told.missing) == (["snapshot", "a", "c"], [(30, 40)])
    assert not told.leading.is_whole


def test_of_equal_frames_of_one_time_as_many_are_told_as_there_are() -> None:
    first, second = segment_of(0, start=10, end=50, last=5), segment_of(1, start=20, end=90, last=9)
    told = Told([first, second])
    told.take(first, 10, "snapshot", is_start=True)
    told.take(first, 50, "a")
    told.take(second, 50, "a")
    told.take(first, 50, "b", line=5)
    for content in ("b", "a", "b"):
        told.take(second, 50, content)
    assert (told.frames, told.missing) == (["snapshot", "a", "b", "a", "b"], [])


def test_who_comes_back_amid_a_block_does_not_lead_before_the_others_are_told() -> None:
    back, other = segment_of(0, 50, 90, last=9, track=SWAPS), segment_of(1, 10, 90, last=9, track=SWAPS)
    told = Told([back, other])
    told.take(other, 10, "first")
    told.take(other, 50, "a")
    assert told.take(back, 50, "c") is Verdict.WAIT_SHORTLY
    for time, content in ((50, "b"), (50, "c"), (55, "d"), (60, "e")):
        told.take(other, time, content)
    told.take(back, 50, "c")
    told.take(back, 61, "f")
    assert (told.frames, told.leading.leader) == (["first", "a", "b", "c", "d", "e", "f"], back)


def test_what_one_tells_that_goes_on_where_the_leading_one_ended_lacks_what_came_before_it_began() -> None:
    """Amid a block: another one tells that, though it ends there too."""
    first, brief = segment_of(0, 10, 50, last=5, track=SWAPS), segment_of(1, 45, 50, last=9, track=SWAPS)
    back = segment_of(2, 50, 90, last=9, track=SWAPS)
    told = Told([first, brief, back])
    told.take(first, 50, "a", line=5)
    told.take(brief, 50, "a")
    told.take(brief, 50, "b", line=9)
    told.take(back, 50, "c")
    told.take(back, 60, "d")
    assert told.frames == ["a", "b", "c", "d"]


class Counted:
    """What is told of trades by frames that come one after another, each with its numbers."""

    def __init__(self, *segments: Segment) -> None:
        self.leading = Leading(TRADES, segments, {})
        self.missing: list[Missing] = []

    def take(self, segment: Segment, *numbers: int) -> Verdict:
        cover = Cover.of_numbers(numbers)
        assert cover is not None
        verdict = self.leading.judge(segment, cover, is_start=False)
        missing = self.leading.take(segment, cover, verdict, is_start=False)
        self.missing += [] if missing is None else [missing]
        return verdict


def trades_of(rank: int, start: int, end: int) -> Segment:
    return segment_of(rank, start, end, last=9, track=TRADES)


def test_a_frame_that_fills_a_hole_may_tell_what_the_leading_one_is_about_to_tell() -> None:
    """Until that one is as far, its frames are looked at."""
    late, other = trades_of(0, start=102, end=200), trades_of(1, start=100, end=107)
    told = Counted(late, other)
    for number in (103, 104, 105):
        assert told.take(late, number) in (Verdict.LEAD, Verdict.KEEP)
    assert told.leading.is_awaited
    assert told.take(other, *range(101, 108)) is Verdict.KEEP
    assert (told.leading.repeated, told.leading.is_awaited) == (3, True)
    assert told.take(late, 106, 107) is Verdict.LEAVE
    assert not told.leading.is_awaited
    assert told.take(late, 108) is Verdict.KEEP
    assert (told.leading.repeated, told.missing) == (3, [])


def test_what_a_frame_leaves_out_between_its_numbers_is_due_or_missing() -> None:
    thin, other = trades_of(0, start=105, end=200), trades_of(1, start=102, end=103)
    thin.beside = [(102, 102), (104, 104)]
    told = Counted(thin, other)
    assert told.take(thin, 102, 104, 106) is Verdict.LEAD
    assert told.missing == [Missing(TRADES, 104, 106, 1)]
    assert told.take(other, 103) is Verdict.KEEP
    assert told.take(thin, 107) is Verdict.KEEP
    assert (told.leading.repeated, told.leading.is_awaited) == (0, False)
