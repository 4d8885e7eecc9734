"""Each file of a run begins with the state that the one before has led to, and then says what all files say."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from feedrec.cli.recording.snapshot_process import main
from feedrec.errors import RecordingError
from feedrec.feeds import feed_of, rule_of, venue_of
from feedrec.feeds.state.new_state import new_state
from feedrec.feeds.venue import FeedState
from feedrec.formats import create_recording, open_recording
from feedrec.formats.file.growing.growing_file import begin_file
from feedrec.formats.file.names import carried_path, journal_path, work_path
from feedrec.formats.line.codec import decode_line
from feedrec.formats.several.inputs import inspect_recording
from feedrec.formats.tools.convert import convert
from feedrec.formats.tools.states.inserting import insert_state, start_of
from feedrec.formats.tools.verify import verify_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record
from feedrec.processing.feed_rules import rules_for
from feedrec.recorder.output.snapshot_finisher import NO_STATE
from feedrec.replay.timeline.frame_batches import FrameDecoder, in_steps
from feedrec.replay.timeline.timeline import Timeline, already_stopped
from feedrec.replay.venue.rebuild import Position, Rebuilder

from ....cli.command import DEMO
from ....shared import SHARED

SAMPLES = SHARED / "samples"
START = 1_795_280_400 * NANOSECONDS
STEP = 1_000_000

Written = list[tuple[Path, list[Frame]]]


def payloads_of(endpoint: str) -> list[bytes]:
    """Give what a venue sent: real captures, and of Advanced Trade what ships with the package, too."""
    if endpoint == "coinbase-advanced":
        with open_recording(DEMO) as recording:
            return [one.payload for one in recording if isinstance(one, Frame) and one.direction == "in"]
    name = {"coinbase-exchange": "exchange_2021-04-17.frames.jsonl.zst", "coinmarketcap": "cmc_frames.jsonl"}[endpoint]
    if not (SAMPLES / name).exists():
        pytest.skip("needs ../shared")
    data = (SAMPLES / name).read_bytes()
    if name.endswith(".zst"):
        data = zstandard.ZstdDecompressor().stream_reader(data).read()
    rows = [json.loads(line) for line in data.splitlines()]
    return [row.get("frame", row.get("data", "")).encode() for row in rows if row.get("dir", "recv") == "recv"]


def write(path: Path, endpoint: str, part: int, frames: Sequence[Frame], *, events: Sequence[str] = ("clock",)) -> Path:
    feed = feed_of(endpoint)
    assert feed is not None
    header = Header(endpoint, "ws://x", START, "feedrec 1", [], extra={"part": part})
    writer = create_recording(path, header, make_rule=rule_of(feed))
    first = frames[0].time if frames else START
    for name in events:
        writer.write(Event(first, 0, name, {"wall": first, "monotonic": first} if name == "clock" else {}))
    for frame in frames:
        writer.write(frame, feed.describe(frame.payload), block=True)
    return writer.finish()


def files_of(folder: Path, endpoint: str, count: int, suffix: str = ".jsonl.zst") -> Written:
    """Write what a venue sent in several files of one run."""
    frames = [Frame(START + number * STEP, 0, payload) for number, payload in enumerate(payloads_of(endpoint))]
    size = -(-len(frames) // count)
    cut = [frames[begin : begin + size] for begin in range(0, len(frames), size)]
    return [
        (write(folder / f"x-{number:04d}{suffix}", endpoint, number, some), some) for number, some in enumerate(cut, 1)
    ]


def begin_with_states(files: Written) -> None:
    before = ""
    for path, _ in files:
        main([str(path), before, "carry"])
        before = str(path)


def frames_in(path: Path) -> list[Frame]:
    with open_recording(path) as recording:
        return [one for one in recording if isinstance(one, Frame)]


def state_of(endpoint: str, frames: Sequence[Frame]) -> FeedState:
    venue = venue_of(endpoint)
    assert venue is not None
    state = new_state(venue, None)
    assert state is not None
    for frame in frames:
        state.apply(venue.describe(frame.payload), frame.payload)
    return state


def told_by(state: FeedState) -> dict[tuple[str, str], bytes | None]:
    return {key: state.snapshot(*key, START) for key in state.keys()}  # noqa: SIM118  no mapping


@pytest.mark.parametrize("endpoint", ["coinbase-advanced", "coinbase-exchange", "coinmarketcap"])
def test_a_file_alone_leads_to_what_all_files_lead_to(tmp_path: Path, endpoint: str) -> None:
    files = files_of(tmp_path, endpoint, 4)
    begin_with_states(files)
    so_far: list[Frame] = []
    for number, (path, frames) in enumerate(files):
        so_far += frames
        found = frames_in(path)
        made = [frame for frame in found if frame.synthetic]
        assert [frame for frame in found if not frame.synthetic] == frames
        assert found[: len(made)] == made
        assert bool(made) == (number > 0)
        assert {frame.time for frame in made} <= {frames[0].time}
        assert told_by(state_of(endpoint, found)) == told_by(state_of(endpoint, so_far))
        assert verify_recording(path, rules_for=rules_for).is_good
    assert [path.name for path in tmp_path.glob("*.carried")] == [carried_path(files[-1][0]).name]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".parquet.jsonl.zst"])
def test_whatever_the_files_are(tmp_path: Path, suffix: str) -> None:
    files = files_of(tmp_path, "coinbase-advanced", 2, suffix)
    begin_with_states(files)
    (_, first), (path, second) = files
    found = frames_in(path)
    assert any(frame.synthetic for frame in found)
    assert [frame for frame in found if not frame.synthetic] == second
    assert told_by(state_of("coinbase-advanced", found)) == told_by(state_of("coinbase-advanced", first + second))
    assert sorted(one.name for one in tmp_path.iterdir() if not one.name.endswith(".carried")) == [
        one.name for one, _ in files
    ]


def test_all_files_together_are_what_one_would_be(tmp_path: Path) -> None:
    """Converted to one, and as a replay plays them: nobody hears twice what the files before have told."""
    files = files_of(tmp_path, "coinbase-advanced", 3)
    expected = [frame.payload for _, frames in files for frame in frames]
    begin_with_states(files)
    inputs = [inspect_recording(lambda path=path: open_recording(path)) for path, _ in files]  # type: ignore[misc]
    for describe in (rules_for("coinbase-advanced").describe, None):
        (joined,) = convert(inputs, tmp_path / "joined.jsonl.zst", describe=describe).paths
        assert [frame.payload for frame in frames_in(joined)] == expected
        joined.unlink()
    assert played([path for path, _ in files]) == expected
    later = [frame for path, _ in files[1:] for frame in frames_in(path)]
    third = sum(frame.synthetic for frame in frames_in(files[2][0]))
    assert len(played([path for path, _ in files[1:]])) == len(later) - third
    assert len(played([files[0][0], files[2][0]])) == len(expected) - len(files[1][1]) + third


def test_a_late_client_of_all_files_gets_what_it_got_without_them(tmp_path: Path) -> None:
    """Wherever it comes, whether a search back for its books ends at the state of a file or not."""
    feed = venue_of("coinbase-advanced")
    assert feed is not None
    files = files_of(tmp_path, "coinbase-advanced", 4)
    keys = frozenset({("level2", "BTC-USD"), ("level2", "ETH-USD"), ("ticker", "ETH-USD")})

    def told_before(number: int, frame: int) -> Mapping[tuple[str, str], bytes | None]:
        timeline = Timeline([path for path, _ in files], describe=feed.describe)
        with closing(timeline.read_batches(None, already_stopped())) as batches:
            read = [one for batch in batches for one in zip(batch.files, map(decode_line, batch.lines), strict=True)]
        sent = (place for place, (file, one) in enumerate(read) if file == number and _is_sent(one))
        position = Position(next(itertools.islice(sent, frame, None)), [], START)
        return Rebuilder(timeline, feed).snapshots(keys, position, threading.Event())

    places = [(1, 0), (1, 3), (2, 100), (3, 200)]
    expected = [told_before(*place) for place in places]
    begin_with_states(files)
    assert [told_before(*place) for place in places] == expected


def _is_sent(record: Record) -> bool:
    return isinstance(record, Frame) and not record.synthetic


def played(paths: Sequence[Path]) -> list[bytes]:
    """Give what a client would get that reads recordings in the order of a timeline."""
    timeline = Timeline(paths)
    decoder = FrameDecoder(timeline.paths, continued=timeline.continued())
    found: list[bytes] = []
    for batch in timeline.read_lap(already_stopped()):
        for step in in_steps(batch):
            found += [frame.payload for frame in decoder.decode(step).frames]
    return found


def test_what_was_done_is_not_done_again(tmp_path: Path) -> None:
    """A process that was killed just after the file had got its name."""
    files = files_of(tmp_path, "coinbase-advanced", 2)
    begin_with_states(files)
    (first, _), (second, _) = files
    before = second.read_bytes()
    main([str(first), "", "carry"])
    main([str(second), str(first), ""])
    assert second.read_bytes() == before


def test_a_process_that_lives_on_is_waited_for(tmp_path: Path) -> None:
    """That of a recorder that was killed: what it makes is not made again beside it."""
    (first, _), (second, _) = files_of(tmp_path, "coinbase-advanced", 2)
    other = begin_file(work_path(second), Header("raw"))
    threading.Timer(0.05, other.target.remove).start()
    main([str(second), str(first), ""])
    assert start_of(second).is_synthetic
    assert sorted(path.name for path in tmp_path.iterdir()) == [first.name, second.name]


def test_whole_blocks_are_copied(tmp_path: Path) -> None:
    frames = [Frame(START + number, 0, payload) for number, payload in enumerate(payloads_of("coinbase-advanced") * 4)]
    path = write(tmp_path / "x.jsonl.zst", "coinbase-advanced", 1, frames)
    with open_recording(path) as recording:
        assert recording.index is not None
        before = [block.crc for block in recording.index.blocks]
    assert len(before) > 2
    assert insert_state(path, [Frame(0, 0, b'{"channel":"x"}', synthetic=True)], rules_for) == 1
    with open_recording(path) as recording:
        assert recording.index is not None
        after = [block.crc for block in recording.index.blocks]
    assert after[-len(before) + 1 :] == before[1:]
    assert [frame for frame in frames_in(path) if not frame.synthetic] == frames


def test_a_file_that_was_moved_away_has_left_its_state(tmp_path: Path) -> None:
    (first, _), (second, frames) = files_of(tmp_path, "coinbase-advanced", 2)
    main([str(first), "", "carry"])
    first.rename(tmp_path / "archived")
    main([str(second), str(first), ""])
    assert start_of(second).is_synthetic
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archived", second.name]
    assert [frame for frame in frames_in(second) if not frame.synthetic] == frames


def test_what_was_not_kept_is_found_in_the_file_itself(tmp_path: Path) -> None:
    (first, _), (second, _) = files_of(tmp_path, "coinbase-advanced", 2)
    main([str(second), str(first), ""])
    assert start_of(second).is_synthetic


@pytest.mark.parametrize("why", ["gone", "damaged", "other run", "later", "carried damaged", "continuation"])
def test_a_wrong_state_is_worse_than_none(tmp_path: Path, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    (first, frames), (second, more) = files_of(tmp_path, "coinbase-advanced", 2)
    if why == "gone":
        first.unlink()
    elif why == "damaged":
        first.write_bytes(first.read_bytes()[:-3000])
    elif why == "other run":
        first.unlink()
        header = Header("coinbase-advanced", "ws://x", START + 1, "feedrec 1", [], extra={"part": 1})
        with create_recording(first, header) as writer:
            writer.write(frames[0])
    elif why == "later":
        write(first.with_name("y.jsonl.zst"), "coinbase-advanced", 5, frames).replace(first)
    elif why == "carried damaged":
        main([str(first), "", "carry"])
        carried = carried_path(first)
        carried.write_bytes(carried.read_bytes()[:-100])
    else:
        second.unlink()
        write(second, "coinbase-advanced", 2, more, events=["clock", "continuation"])
    before = second.read_bytes()
    with pytest.raises(SystemExit) as ended:
        main([str(second), str(first), "carry"])
    assert ended.value.code == NO_STATE
    assert capsys.readouterr().err.count("\n") == 1
    assert second.read_bytes() == before
    assert carried_path(second).exists()


@pytest.mark.parametrize("place", [0.02, 0.95])
def test_a_damaged_file_stays_as_it_is(tmp_path: Path, place: float) -> None:
    payloads = payloads_of("coinbase-advanced")
    first = write(tmp_path / "x-1.jsonl.zst", "coinbase-advanced", 1, [Frame(START, 0, payloads[0])])
    frames = [Frame(START + number, 0, payload) for number, payload in enumerate(payloads * 4, 1)]
    second = write(tmp_path / "x-2.jsonl.zst", "coinbase-advanced", 2, frames)
    data = bytearray(second.read_bytes())
    data[int(len(data) * place)] ^= 1
    second.write_bytes(data)
    main([str(first), "", "carry"])
    with pytest.raises(SystemExit, match=r"damaged at byte|corrupt zstd frame"):
        main([str(second), str(first), "carry"])
    assert second.read_bytes() == bytes(data)
    assert sorted(path.name for path in tmp_path.iterdir()) == [first.name, carried_path(first).name, second.name]


def test_what_another_program_put_in_its_place_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (first, _), (second, _) = files_of(tmp_path, "coinbase-advanced", 2)

    def create_and_replace(*arguments: object, **options: object) -> object:
        second.with_name("theirs").write_bytes(b"theirs")
        second.with_name("theirs").replace(second)
        return create_recording(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("feedrec.formats.tools.states.inserting.create_recording", create_and_replace)
    with pytest.raises(RecordingError, match="was replaced by another program"):
        insert_state(second, [], rules_for)
    assert second.read_bytes() == b"theirs"
    assert sorted(path.name for path in tmp_path.iterdir()) == [first.name, second.name]


def test_a_file_without_a_line_stays_as_it_is(tmp_path: Path) -> None:
    first, second = (
        write(tmp_path / f"x-{part}.jsonl.zst", "coinbase-advanced", part, [], events=[]) for part in (1, 2)
    )
    before = second.read_bytes()
    main([str(first), "", "carry"])
    main([str(second), str(first), "carry"])
    assert second.read_bytes() == before


def test_a_journal_keeps_its_name(tmp_path: Path) -> None:
    journal = journal_path(tmp_path / "x.parquet")
    frames = [Frame(START, 0, payloads_of("coinbase-advanced")[0])]
    write(journal, "coinbase-advanced", 1, frames)
    insert_state(journal, [Frame(0, 0, b"{}", synthetic=True)], rules_for)
    assert [path.name for path in tmp_path.iterdir()] == [journal.name]
