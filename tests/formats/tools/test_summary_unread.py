"""What a recording says of itself is what reading it tells, whatever is in it and however many files it has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.feeds import feed_of, rule_of
from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_header
from feedrec.formats.line.http_events import http_event
from feedrec.formats.line.index import mark_of
from feedrec.formats.several.clocks import starting_clocks
from feedrec.formats.several.inputs import Input, inspect_index, inspect_recording
from feedrec.formats.stream.parquet_encoder import ParquetEncoder
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.formats.tools.convert import convert
from feedrec.formats.tools.repair import repair_recording
from feedrec.formats.tools.summary import Activity, RecordingSummary, combine, summarise, summarise_unread
from feedrec.model import Event, Frame, FrameInfo, Header, Record

from ...set_clocks import DAY, HOUR, SECOND, START, YEARS, lines_of, recorded
from ..line.exchanges import exchanges
from .sequences import RULES, describe

HEADER = Header("raw", "wss://venue.example", START, "feedrec", [{"channel": "a", "products": ["x"]}])

numbers = st.integers(0, 9)
asked = st.lists(
    st.fixed_dictionaries(
        {"channel": st.sampled_from("ab")},
        optional={"products": st.lists(st.sampled_from("xyz"), max_size=2), "params": st.just({"b": 1, "a": [2]})},
    ),
    max_size=2,
)
events = (
    st.builds(
        lambda name, said: Event(0, 0, name, said),
        st.sampled_from(["open", "close", "gap", "reset", "damage", "odd", "x" * 200]),
        st.dictionaries(
            st.sampled_from(["expected", "received", "missing", "channel", "unverified"]),
            numbers | st.sampled_from([True, "y" * 300, 10**30, 2.5, None, [1]]),
            max_size=3,
        ),
    )
    | st.builds(
        lambda name, said: Event(0, 0, name, said),
        st.sampled_from(["subscribed", "missing"]),
        st.fixed_dictionaries({}, optional=dict.fromkeys(["asked", "accepted", "missing", "subscriptions"], asked)),
    )
    | exchanges.map(http_event)
)
frames = st.builds(
    lambda number, direction, flag: Frame(0, 0, b"%d" % number, direction, **({flag: True} if flag else {})),
    numbers,
    st.sampled_from(["in", "in", "in", "out"]),
    st.sampled_from(["", "", "", "synthetic", "unverified"]),
)
waits = st.integers(0, SECOND) | st.sampled_from([0, 0, 1, HOUR, 90 * SECOND])
steps = st.dictionaries(st.integers(0, 3 * HOUR), st.integers(-DAY, DAY) | st.just(-YEARS // 2), max_size=2)


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    """Draw what a recorder writes of several connections, perhaps on a machine whose clock is set."""
    clocks = draw(steps)
    made: list[Record] = []
    now = 0
    for _ in range(draw(st.integers(0, 30))):
        now += draw(waits)
        made += recorded([now], clocks) if draw(st.booleans()) else recorded([now], clocks)[-1:]
        time = made[-1].time + draw(st.sampled_from([0, 0, 0, -1, -2 * SECOND]))
        conn = draw(st.integers(0, 2))
        one = draw(frames | events)
        made[-1] = msgspec.structs.replace(one, time=time, conn=None if one.conn is None else conn)
    return made


def written(path: Path, lines: Sequence[Record], header: Header = HEADER, block_size: int = 1 << 20) -> Path:
    """Write a file in one go: what takes time is the disk."""
    rule = RULES.sequence_rule
    is_zstd = path.suffix == ".zst"
    encoder = BlockEncoder(block_size=block_size, make_rule=rule) if is_zstd else ParquetEncoder(make_rule=rule)
    data = encoder.begin(encode_header(header))
    for start in range(0, len(lines), 7):
        some = lines[start : start + 7]
        infos = [describe(one.payload) if isinstance(one, Frame) else None for one in some]
        marks = [mark_of(one, info) for one, info in zip(some, infos, strict=True)]
        data += encoder.add(lines_of(some), marks)
    path.write_bytes(data + encoder.finish())
    return path


def seen(inputs: Sequence[Input]) -> tuple[dict[str, Any], list[dict[str, Any]], Any]:
    """Return all that is told of recordings."""
    activity = Activity()
    parts: list[RecordingSummary] = []
    for one, clock in zip(inputs, starting_clocks(inputs), strict=True):
        summary = summarise_unread(one, activity, clock)
        if summary is None:
            with one.open() as recording:
                summary = summarise(recording, describe, activity, RULES.sequence_rule, clock)
        parts.append(summary)
    drawn: list[Any] = [activity.span, activity.ends, activity.busiest.most]
    drawn += [part.written() for part in (activity.frames, activity.gaps, activity.reconnects)]
    facts = [{**one.as_dict(), "jump": one.jump, "ends": one.ends, "spans": one.spans} for one in parts]
    return combine(parts).as_dict(), facts, drawn


def told(one: Input) -> list[Any]:
    return [getattr(one, name) for name in one._fields if name not in ("facts", "open")]


def agree(paths: Sequence[Path]) -> None:
    """Require the same of the index and of the lines."""
    read = [inspect_recording(partial(open_recording, path)) for path in paths]
    unread = [inspect_index(path) for path in paths]
    assert [one and told(one) for one in unread] == [told(one) for one in read]
    by_lines, by_index = seen(read), seen([one for one in unread if one is not None])
    for facts in (by_lines[0], by_index[0], *by_lines[1], *by_index[1]):
        facts.pop("read")
    for facts, others in zip(by_index[1], by_lines[1], strict=True):
        assert [(key, facts[key]) for key in facts if facts[key] != others[key]] == []
    assert by_index == by_lines


extras = st.sampled_from([{}, {"filtered": {}}, {"part": 2}])


@settings(deadline=None)
@given(records(), extras, st.integers(100, 2000))
def test_of_one_file_in_blocks_of_any_size(lines: list[Record], extra: dict[str, Any], size: int) -> None:
    with TemporaryDirectory() as folder:
        agree([written(Path(folder, "a.jsonl.zst"), lines, msgspec.structs.replace(HEADER, extra=extra), size)])


@settings(deadline=None, max_examples=30)
@given(records(), extras)
def test_of_a_parquet_file(lines: list[Record], extra: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        agree([written(Path(folder, "a.parquet"), lines, msgspec.structs.replace(HEADER, extra=extra))])


@settings(deadline=None)
@given(records(), st.lists(st.integers(0, 30), max_size=4), st.integers(100, 2000), records())
def test_of_a_rotation_and_another_recording(
    lines: list[Record], cuts: list[int], size: int, others: list[Record]
) -> None:
    with TemporaryDirectory() as folder:
        paths = []
        for part, (start, end) in enumerate(pairwise(sorted({0, *cuts, 31}))):
            header = msgspec.structs.replace(HEADER, extra={"part": part + 1})
            paths.append(written(Path(folder, f"a-{part}.jsonl.zst"), lines[start:end], header, size))
        other = msgspec.structs.replace(HEADER, created=START + 1)
        agree([*paths, written(Path(folder, "b.jsonl.zst"), others, other)])


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".parquet"])
def test_of_what_convert_and_repair_write(tmp_path: Path, suffix: str) -> None:
    lines: list[Record] = [
        Event(START, 0, "clock", {"wall": START, "monotonic": 5}),
        Event(START, 0, "open"),
        *(Frame(START + number * SECOND, 0, b"%d" % number) for number in (0, 1, 3, 4)),
    ]
    path = written(tmp_path / "a.jsonl.zst", lines)
    for one in ("converted", "merged"):
        inputs = [inspect_recording(partial(open_recording, path))]
        if one == "merged":
            other = written(tmp_path / "b.jsonl.zst", lines, msgspec.structs.replace(HEADER, created=START + 1))
            inputs.append(inspect_recording(partial(open_recording, other)))
        target = tmp_path / f"{one}{suffix}"
        convert(inputs, target, describe=describe, make_rule=RULES.sequence_rule)
        agree([target])
    repaired = tmp_path / f"repaired{suffix}"
    data = (tmp_path / "a.jsonl.zst").read_bytes()
    (tmp_path / "cut.jsonl.zst").write_bytes(data[: len(data) // 2])
    source = tmp_path / ("cut.jsonl.zst" if suffix == ".jsonl.zst" else "converted.parquet")
    repair_recording(source, repaired, rules_for=lambda _: RULES)
    agree([repaired])


def test_a_file_whose_frames_were_not_described_says_nothing(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)
    writer.write(Frame(START, 0, b"1"))
    assert inspect_index(writer.finish()) is None


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".parquet"])
def test_a_file_with_too_much_to_say_says_nothing(tmp_path: Path, suffix: str) -> None:
    """Here, too many products."""
    writer = create_recording(tmp_path / f"a{suffix}", HEADER, make_rule=RULES.sequence_rule)
    for number in range(10_001):
        writer.write(Frame(START, 0, b"1"), FrameInfo("c", (str(number),)))
    assert inspect_index(writer.finish()) is None


def test_every_built_in_endpoint_has_a_rule() -> None:
    assert rule_of(feed_of("raw")) is not None
    assert rule_of(None) is None
