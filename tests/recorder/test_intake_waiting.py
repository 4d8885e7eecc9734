"""
Frames that wait for others are recorded as if each had been written at once.

Both ways get the same reads, events and sent frames; the lines, their marks, the figures and what is reported are the
same, whenever the writer works on what waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.feeds import Feed, Notice, find_feed
from feedrec.feeds.raw import RawFeed
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.line.frame_run import FrameRun
from feedrec.formats.line.index import Mark, mark_of
from feedrec.model import Event, FrameInfo, Record
from feedrec.recorder.clock import RecordingClock
from feedrec.recorder.intake import Intake
from feedrec.recorder.output.counting_writer import LONGEST_WAIT, CountingWriter
from feedrec.recorder.output.null_writer import NullWriter
from feedrec.recorder.run_end import RunEnd

from .venue import PlainFeed

SECOND = 1_000_000_000


class Lines(NullWriter):
    """Keeps the lines, and counts the runs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[bytes, Mark]] = []
        self.runs = 0

    def write(self, record: Record, info: FrameInfo | None = None) -> None:
        line = encode_event(record) if isinstance(record, Event) else encode_frame(record)
        self.lines.append((line, mark_of(record, info)))

    def write_line(self, line: bytes, mark: Mark | None = None) -> None:
        assert mark is not None
        self.lines.append((line, mark))

    def write_run(self, run: FrameRun) -> None:
        self.runs += 1
        self.lines += run.lines()


class Timer:
    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Watching:
    """Who watches now and then, and how many reports there were when it saw what."""

    def __init__(self, reports: list[tuple[str, int, int]]) -> None:
        self.is_watching = False
        self.seen: list[tuple[FrameInfo, int]] = []
        self._reports = reports

    def saw(self, info: FrameInfo) -> None:
        self.seen.append((info, len(self._reports)))

    def saw_all(self, infos: Sequence[FrameInfo]) -> None:
        for info in infos:
            self.saw(info)


class Recorder:
    """Two connections that write to one recording, and a clock that is set by hand."""

    def __init__(self, feed: Feed, max_frames: int | None = None, *, waits: bool) -> None:
        self.waits = waits
        self.recording = Lines()
        self.end = RunEnd()
        self.writer = CountingWriter(self.recording, self.end, max_frames)
        self.timers: list[tuple[float, Timer]] = []
        self.reports: list[tuple[str, int, int]] = []
        self.watchers = [Watching(self.reports), Watching(self.reports)]
        self.now = 100 * SECOND
        clock = RecordingClock(lambda: self.now, lambda: self.now)
        self.intakes = []
        for number in range(2):
            client = feed.client([])
            report = self.reporter(number)
            passes = getattr(client, "passes", None)
            intake = Intake(number, feed, client.on_frame, report, self.writer, clock, passes, self.watchers[number])
            self.intakes.append(intake)
        if waits:
            self.writer.wait_with(self.call_later)

    def reporter(self, number: int) -> Callable[[Sequence[Notice], int], None]:
        def report(notices: Sequence[Notice], time: int) -> None:
            for notice in notices:
                self.reports.append((notice.text, time, self.writer.counts.frames))
                if notice.event is not None:
                    self.intakes[number].event(notice.event, notice.details, time)

        return report

    def call_later(self, seconds: float, work: Callable[[], None]) -> Timer:
        timer = Timer(work)
        self.timers.append((seconds, timer))
        return timer

    def do(self, what: str, number: int, payloads: list[bytes]) -> None:
        intake = self.intakes[number]
        self.now += 1000
        if what in {"read", "one by one"}:
            intake.bytes_arrived()
            if self.waits:
                for some in [payloads] if what == "read" else [[payload] for payload in payloads]:
                    intake.texts(list(some))
                return
            for payload in payloads:
                intake.message(payload, binary=False)
        elif what == "binary":
            intake.message(payloads[0], binary=True)
        elif what == "event":
            intake.event("throttle", {})
        elif what == "sent":
            intake.sent(b"[]", redacted=False)
        elif what == "watch":
            self.writer.work()
            self.watchers[number].is_watching ^= True
        elif what == "minute":
            self.now += 61 * SECOND
        else:
            self.ring()

    def ring(self) -> None:
        """Let the time of what waits be over."""
        for _, timer in self.timers:
            if not timer.is_cancelled:
                timer.work()

    @property
    def outcome(self) -> tuple[object, ...]:
        counts, frames = self.writer.counts, [intake.frames for intake in self.intakes]
        seen = [watcher.seen for watcher in self.watchers]
        return self.recording.lines, counts, self.reports, self.end.outcome, self.writer.is_complete, (frames, seen)


def advanced(number: int) -> bytes:
    return b'{"channel":"ticker","sequence_num":%d,"events":[{"type":"update"}]}' % number


PLAIN = [*(b'{"sequence":%d}' % number for number in (0, 0, 1, 1, 2, 2, 3, 5, 9)), b'{"confuse":1}', b'{"stumble":1}']
PLAIN += [b'{"error":"bad key"}', b'{"confuse":"bad key"}']
ODD = [b'{"error":"no"}', b"no JSON", b" []", b"[\n]", b"\xff", b"[" * 200 + b"]" * 200, b"[]", b"[1]", b""]
ADVANCED = [*map(advanced, range(6)), advanced(9), b'{"channel":"subscriptions","sequence_num":3,"events":[{}]}']
FEEDS: dict[str, tuple[Feed, list[bytes]]] = {
    "plain": (PlainFeed(), PLAIN + ODD),
    "advanced": (find_feed("coinbase-advanced"), [*ADVANCED, b'{"type":"error","message":"no"}', *ODD]),
    "raw": (RawFeed(), ODD),
}

Step = tuple[str, int, list[bytes]]


def steps_of(payloads: list[bytes], run: Callable[[int], bytes]) -> st.SearchStrategy[list[Step]]:
    in_a_row = st.builds(
        lambda start, count: [run(start + n) for n in range(count)], st.integers(0, 20), st.integers(1, 30)
    )
    read = st.tuples(
        st.sampled_from(["read"] * 6 + ["one by one"] * 2 + ["binary", "event", "sent", "minute", "ring", "watch"]),
        st.integers(0, 1),
        in_a_row | st.lists(st.sampled_from(payloads), min_size=1, max_size=12),
    )
    return st.lists(read, max_size=12)


@pytest.mark.parametrize("name", FEEDS)
@settings(deadline=None, max_examples=250)
@given(data=st.data(), max_frames=st.none() | st.integers(1, 60))
def test_the_recording_is_that_of_frames_that_never_waited(
    name: str, data: st.DataObject, max_frames: int | None
) -> None:
    feed, payloads = FEEDS[name]
    steps = data.draw(steps_of(payloads, advanced if name == "advanced" else lambda n: b'{"sequence":%d}' % n))
    ways = [Recorder(feed, max_frames, waits=waits) for waits in (True, False)]
    for recorder in ways:
        for step in steps:
            recorder.do(*step)
        recorder.writer.work()
    assert ways[0].outcome[:-1] == ways[1].outcome[:-1]
    assert max_frames is not None or ways[0].outcome == ways[1].outcome


def test_frames_in_a_row_are_written_as_one_run() -> None:
    recorder = Recorder(find_feed("coinbase-advanced"), waits=True)
    for number in range(300):
        recorder.do("read", 0, [advanced(number)])
    assert recorder.recording.lines[1:] == []  # but the clock
    recorder.ring()
    assert (len(recorder.recording.lines), recorder.recording.runs) == (301, 1)


def test_frames_about_which_there_is_nothing_to_say_are_not_followed_one_by_one_even_while_someone_watches() -> None:
    followed: list[FrameInfo] = []
    feed, writer = find_feed("coinbase-advanced"), CountingWriter(Lines(), RunEnd(), None)
    client, clock, watcher = feed.client([]), RecordingClock(lambda: SECOND, lambda: SECOND), Watching([])
    watcher.is_watching = True

    def follow(info: FrameInfo, payload: bytes) -> Sequence[Notice]:
        followed.append(info)
        return client.on_frame(info, payload)

    intake = Intake(0, feed, follow, lambda *_: None, writer, clock, client.passes, watcher)
    for start in (0, 10):
        intake.work([(SECOND, [advanced(start + number) for number in range(10)])])
    assert followed == []
    assert [info.sequence for info, _ in watcher.seen] == list(range(20))


def test_messages_that_the_library_finished_one_by_one_are_a_read() -> None:
    recorder = Recorder(find_feed("coinbase-advanced"), waits=True)
    recorder.do("one by one", 0, [advanced(number) for number in range(30)])
    recorder.ring()
    assert (len(recorder.recording.lines), recorder.recording.runs) == (31, 1)


def test_frames_wait_no_longer_than_said_and_are_waited_for_once() -> None:
    recorder = Recorder(PlainFeed(), waits=True)
    recorder.do("read", 0, [b"[1]"])
    recorder.do("read", 1, [b"[2]"])
    assert [seconds for seconds, _ in recorder.timers] == [LONGEST_WAIT]
    assert recorder.writer.counts.frames == 0
    recorder.ring()
    assert recorder.writer.counts.frames == 2
    recorder.do("read", 0, [b"[3]"])
    assert len(recorder.timers) == 2


@pytest.mark.parametrize("payloads", [[b"[]"] * 400, [b'"%b"' % (b"x" * 300_000)]], ids=["frames", "bytes"])
def test_many_frames_or_bytes_do_not_wait(payloads: list[bytes]) -> None:
    recorder = Recorder(PlainFeed(), waits=True)
    recorder.do("read", 0, payloads)
    assert recorder.writer.counts.frames == len(payloads)


def test_the_last_frame_that_is_to_be_recorded_does_not_wait() -> None:
    recorder = Recorder(PlainFeed(), 3, waits=True)
    recorder.do("read", 0, [b"[1]", b"[2]"])
    assert not recorder.end.has_begun
    recorder.do("read", 0, [b"[3]", b"[4]"])
    assert recorder.end.has_begun
    assert recorder.writer.counts.frames == 3


@pytest.mark.parametrize("what", ["binary", "event", "sent"])
def test_before_anything_else_what_waits_is_written(what: str) -> None:
    recorder = Recorder(PlainFeed(), waits=True)
    recorder.do("read", 0, [b"[1]"])
    recorder.do(what, 1, [b"[2]"])
    assert b'"frame":[1]}' in recorder.recording.lines[1][0]
    assert all(timer.is_cancelled for _, timer in recorder.timers)


def test_without_an_event_loop_nothing_waits() -> None:
    recorder = Recorder(PlainFeed(), waits=False)
    recorder.intakes[0].texts([b"[1]"])
    assert recorder.writer.counts.frames == 1
