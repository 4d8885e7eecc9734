"""Whatever the disk does, each line is in the files once, and in order."""

from __future__ import annotations

import errno
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.errors import WriteError
from feedrec.formats.file.growing.disk_rules import DiskRules
from feedrec.formats.file.growing.disk_standing import DiskStanding
from feedrec.formats.file.growing.growing_file import Line
from feedrec.formats.file.growing.recovering_sequence import RecoveringSequence
from feedrec.formats.line.codec import decode_line, encode_event, encode_frame
from feedrec.formats.line.steady_clock import Reading
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo

from .faulty_disk import FaultyDisk

START = 1_795_280_400 * NANOSECONDS
RULES = DiskRules(patience=600.0)
OURS = {"continuation", "unfinished", "lost"}


def line(number: int) -> Line:
    return encode_frame(Frame(START + number, 0, b"[%d]" % number)), (START + number, 0, FrameInfo(), 0, True)


def numbers(lines: Sequence[bytes]) -> list[int]:
    """Give the numbers of the frames among lines."""
    records = [decode_line(one) for one in lines]
    return [int(one.payload[1:-1]) for one in records if isinstance(one, Frame)]


def events(disk: FaultyDisk, *names: str) -> list[Event]:
    """Give the events of these names, of all files."""
    records = [decode_line(one) for one in disk.all_lines()]
    return [one for one in records if isinstance(one, Event) and one.name in names]


class Bench:
    """A sequence of files on a faulty disk, and the time that passes."""

    def __init__(self, rules: DiskRules = RULES, *, packed: bool = True, limit: int | None = None) -> None:
        self.disk = FaultyDisk(packed=packed)
        self.finished: list[Path] = []
        self.files = RecoveringSequence(self.disk.begin, rules, limit=limit, on_finished=self.finished.append)
        self.now = 100.0
        self._count = 0

    def write(self, count: int = 1) -> None:
        """Add lines, as far as they are accepted; time passes."""
        lines = [line(self._count + number) for number in range(count)]
        if self.files.accepts:
            self.files.add(lines, self.now)
            self._count += count
        self.tick()

    def tick(self, seconds: float = 0.6) -> None:
        """Let time pass."""
        self.now += seconds
        self.files.tick(self.now, 0)
        assert self.files._finishing.wait(10)

    def flush(self) -> None:
        self.files.flush(self.now)
        self.tick()

    def finish(self) -> None:
        for _ in range(1000):
            if self.files.end(self.now):
                break
            self.tick(11.0)
        self.files.finish(10)

    def check(self) -> None:
        """See that every line added is in the files once, in order."""
        assert numbers(self.disk.all_lines()) == list(range(self._count))


errors = st.sampled_from([0, 0, 0, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE])
writes = st.lists(st.tuples(st.integers(0, 300), errors), max_size=30)
steps = st.lists(st.sampled_from(["write", "write many", "flush", "wait", "remove", "move", "turn"]), max_size=40)


@settings(deadline=None, max_examples=150)
@given(writes, st.lists(errors, max_size=6), steps, st.sampled_from(["blocks", "plain"]), st.sampled_from([None, 900]))
def test_each_line_is_there_once_and_in_order_whatever_fails(
    faults: list[tuple[int, int]], opens: list[int], actions: list[str], kind: str, limit: int | None
) -> None:
    bench = Bench(packed=kind == "blocks", limit=limit)
    bench.disk.writes.extend(faults)
    bench.disk.opens.extend(opens)
    for action in actions:
        target = bench.disk.targets[-1]
        if action.startswith("write"):
            bench.write(25 if action.endswith("many") else 1)
        elif action == "flush":
            bench.flush()
        elif action == "turn" and bench.files.accepts:
            bench.files.turn(bench.now, 0)
        elif action in {"remove", "move"} and target.ending == "open":
            target.is_in_place = False
            target.place = Path("/moved") if action == "move" else None
        bench.tick()
    bench.finish()
    bench.check()
    assert {one.name for one in events(bench.disk, *OURS)} <= {"continuation"}


@settings(deadline=None, max_examples=50)
@given(writes, steps)
def test_where_a_file_cannot_be_cut_off_no_line_is_lost(faults: list[tuple[int, int]], actions: list[str]) -> None:
    bench = Bench()
    bench.disk.cannot_cut = True
    bench.disk.writes.extend(faults)
    for action in actions:
        bench.write(25 if action.endswith("many") else 1)
    bench.finish()
    assert sorted(set(numbers(bench.disk.all_lines()))) == list(range(bench._count))


def test_a_full_disk_gets_the_same_bytes_again_in_the_same_file(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench()
    bench.write(3)
    bench.disk.writes.extend([(2, errno.ENOSPC)] * 3)
    bench.flush()
    assert not bench.files.accepts
    assert bench.files.is_stalled(bench.now)
    bench.tick()
    bench.tick()
    bench.tick()
    assert bench.files.accepts
    bench.write(2)
    bench.finish()
    bench.check()
    assert len(bench.disk.targets) == 1
    assert [message.partition(" (")[0].partition(",")[0] for message in caplog.messages] == [
        "the disk takes nothing",
        "the disk takes data again",
    ]


def test_a_disk_that_stays_full_is_reported_each_half_minute_and_given_up_in_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(DiskRules(patience=100.0))
    bench.disk.writes.extend([(0, errno.ENOSPC)] * 1000)
    bench.write(1)
    bench.flush()

    def wait() -> None:
        for _ in range(500):
            bench.tick(0.5)

    with pytest.raises(WriteError, match="took nothing for 100 s: No space left on device"):
        wait()
    assert len(caplog.messages) == 4
    bench.disk.writes.clear()
    bench.files.give_up(bench.files.held_frames, bench.now)
    (lost,) = events(bench.disk, "lost")
    assert lost.details == {"frames": 1, "reason": "No space left on device"}
    assert bench.files.places == [Path("/x-1.jsonl.part"), Path("/x-2.jsonl")]


def test_after_an_input_output_error_a_new_file_says_from_which_byte_the_old_one_is_unproved() -> None:
    bench = Bench()
    bench.write(3)
    bench.flush()
    bench.files._finishing.sync(bench.files._file)  # type: ignore[arg-type]
    bench.tick()
    synced = bench.disk.targets[0].size
    bench.write(2)
    bench.disk.writes.append((4, errno.EIO))
    bench.flush()
    bench.write(1)
    bench.finish()
    bench.check()
    first, second = bench.disk.targets
    assert (first.ending, second.ending) == ("left", "committed")
    assert [len(numbers(bench.disk.lines(one))) for one in (first, second)] == [3, 3]
    (event,) = events(bench.disk, "continuation")
    assert event.details == {"file": "x-1.jsonl.part", "reason": "Input/output error", "unproved_from": synced}


def test_a_failed_fsync_is_not_tried_again_in_the_same_file() -> None:
    bench = Bench()
    bench.write(3)
    bench.disk.syncs.append(errno.ENOSPC)
    bench.files._finishing.sync(bench.files._file)  # type: ignore[arg-type]
    bench.tick()
    bench.tick()
    bench.write(1)
    bench.finish()
    bench.check()
    assert [target.ending for target in bench.disk.targets] == ["left", "committed"]


def test_a_disk_that_fails_again_and_again_gets_no_flood_of_files_and_is_given_up() -> None:
    bench = Bench(DiskRules(patience=100.0))

    def fail() -> None:
        for _ in range(1000):
            bench.disk.writes.extend([(10**6, 0), (0, errno.EIO)])  # the header is taken
            bench.write(1)
            bench.flush()

    with pytest.raises(WriteError, match="the disk has failed for 100 s"):
        fail()
    assert len(bench.disk.targets) <= 12


def test_at_the_end_a_new_file_is_not_waited_for() -> None:
    """The second error within a short time has the recording wait, but not if it is to end."""
    bench = Bench()
    for _ in range(2):
        bench.write(1)
        bench.disk.writes.append((0, errno.EIO))
        bench.flush()
    assert not bench.files.accepts
    bench.files.tick(bench.now, 0, hurry=True)
    assert bench.files.accepts
    bench.finish()
    bench.check()


@pytest.mark.parametrize(("place", "ending"), [(None, "committed"), (Path("/moved"), "left")])
def test_a_file_that_was_taken_away_is_completed_and_named_in_the_next(place: Path | None, ending: str) -> None:
    bench = Bench()
    bench.write(3)
    bench.disk.targets[0].is_in_place = False
    bench.disk.targets[0].place = place
    bench.tick()
    bench.write(2)
    bench.finish()
    bench.check()
    first, second = bench.disk.targets
    assert first.ending == ending
    assert numbers(bench.disk.lines(first)) == [0, 1, 2]
    (event,) = events(bench.disk, "continuation")
    assert event.details["file"] == ("/moved" if place else "x-1.jsonl")
    assert second.ending == "committed"


def test_a_name_that_is_taken_is_left_out() -> None:
    bench = Bench()
    bench.disk.taken = {Path("/x-2.jsonl"), Path("/x-3.jsonl")}
    bench.disk.targets[0].is_in_place = False
    bench.write(1)
    bench.finish()
    assert bench.files.path == Path("/x-4.jsonl")


def test_a_folder_that_is_gone_is_waited_for() -> None:
    bench = Bench()
    bench.disk.targets[0].is_in_place = False
    bench.disk.opens.extend([errno.ENOENT] * 5)
    for _ in range(5):
        bench.tick()
        assert not bench.files.accepts
    bench.tick()
    bench.write(1)
    bench.finish()
    bench.check()


def test_some_of_the_disk_can_be_left_free_but_what_is_received_is_written_at_the_end() -> None:
    bench = Bench(DiskRules(min_free=1000))
    bench.write(1)
    bench.disk.free_space = 999
    bench.tick()
    assert not bench.files.accepts
    bench.disk.free_space = 1000
    bench.tick()
    bench.write(1)
    bench.disk.free_space = 0
    bench.tick()
    assert not bench.files.accepts
    bench.files.tick(bench.now, 0, hurry=True)
    assert bench.files.accepts
    bench.write(1)
    bench.finish()
    bench.check()
    assert bench.disk.targets[0].ending == "committed"


def test_how_the_disk_stands_is_known_without_asking_it() -> None:
    """As of the last look; and why it takes nothing, for as long as that lasts."""
    bench = Bench()
    assert bench.files.standing(bench.now, 0.5) == DiskStanding(None, None, 0.5, 0)
    bench.disk.free_space = 5000
    assert bench.files.standing(bench.now, 0.0).free is None
    bench.write(1)
    bench.disk.writes.extend([(0, errno.ENOSPC)] * 2)
    bench.flush()
    refusal = bench.files.standing(bench.now, -0.1)
    assert refusal == DiskStanding("No space left on device", 5000, 0.0, 0)
    bench.tick()
    bench.tick()
    bench.finish()
    assert bench.files.standing(bench.now, 0.0) == DiskStanding(None, 5000, 0.0, 1)
    bench.files._busy_since = bench.now - 60
    assert bench.files.standing(bench.now, 0.0).refusal == "it does not answer"


def test_an_earlier_file_that_cannot_be_finished_is_an_event_and_the_run_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(limit=900)
    bench.disk.taken = {Path("/x-1.jsonl")}
    while len(bench.disk.targets) < 3:
        bench.write(5)
    bench.write(1)
    bench.finish()
    bench.check()
    (event,) = events(bench.disk, "unfinished")
    assert event.details["file"] == "x-1.jsonl.part"
    assert "x-1.jsonl.part was not finished" in caplog.text


def test_a_file_that_continues_another_begins_with_the_latest_reading_of_the_clocks() -> None:
    bench = Bench()
    reading = Reading(START, 5_000)
    clock = encode_event(reading.event(START, 0))
    bench.files.add([(clock, (START, 0, None, 0, True))], bench.now)
    bench.write(2)
    bench.flush()
    bench.disk.targets[0].is_in_place = False
    bench.tick()
    bench.write(1)
    bench.finish()
    first, *_ = bench.disk.lines(bench.disk.targets[1])
    assert decode_line(first) == reading.at(START + 1).event(START + 1, 0)


def test_what_fails_in_the_background_just_then_ends_no_run() -> None:
    """It is heard of at the next look, and the recording goes on in a new file."""
    bench = Bench()
    bench.write(3)
    bench.flush()
    failed = bench.files._finishing.failed
    hear = bench.files._hear

    def hear_and_fail(now: float) -> None:
        hear(now)
        assert bench.files._file is not None
        failed.append((bench.files._file, WriteError("x", "cannot be written")))
        bench.files._hear = hear  # type: ignore[method-assign]

    bench.files._hear = hear_and_fail  # type: ignore[method-assign]
    bench.tick()
    bench.write(3)
    bench.finish()
    bench.check()
    assert len(events(bench.disk, "continuation")) == 1
