"""What a finished recording says of itself is taken only where everything fits; otherwise it has to be read."""

from __future__ import annotations

import zlib
from pathlib import Path

import msgspec
import pytest

from feedrec.formats import create_recording
from feedrec.formats.facts.file_facts import LARGEST_SUMMARY, FileFacts, decode_facts
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.line.codec import decode_header
from feedrec.formats.line.index import Index, encode_index, find_index
from feedrec.formats.line.seek_table import encode_seek_table
from feedrec.formats.several.glance import glance
from feedrec.formats.tools.verify import verify_recording
from feedrec.model import Event, Frame, Header

from ..tools.sequences import RULES, describe

HEADER = Header("raw", "wss://venue.example", 7, "feedrec", [{"channel": "numbers"}])
SUFFIXES = pytest.mark.parametrize("suffix", [".jsonl.zst", ".parquet"])


def recorded(path: Path, count: int = 50) -> Path:
    writer = create_recording(path, HEADER, make_rule=RULES.sequence_rule)
    writer.write(Event(0, 0, "open"))
    for number in range(count):
        payload = b"%d" % number
        writer.write(Frame(number, 0, payload), describe(payload))
    return writer.finish()


def index_of(path: Path) -> Index:
    data = path.read_bytes()
    return find_index(lambda offset, size: data[offset : offset + size], len(data))


def put_index(path: Path, index: Index) -> None:
    """Give a file another index, with a CRC that matches."""
    frame = encode_index(index)
    sizes = [(block.size, block.text) for block in index.blocks]
    path.write_bytes(path.read_bytes()[: index.end] + frame + encode_seek_table([*sizes, (len(frame), 0)]))


def with_facts(path: Path, **changes: object) -> Path:
    index = index_of(path)
    facts = msgspec.json.decode(index.summary or b"{}")
    index.summary = msgspec.json.encode({**facts, **changes})
    put_index(path, index)
    return path


@SUFFIXES
def test_it_says_what_is_in_it(tmp_path: Path, suffix: str) -> None:
    seen = glance(recorded(tmp_path / f"a{suffix}"))
    assert seen is not None
    assert (seen.header, decode_header(seen.header_line)) == (HEADER, HEADER)
    assert (seen.facts.frames, seen.facts.events, seen.size) == (50, {"open": 1}, seen.path.stat().st_size)


def test_a_header_of_any_length_is_found(tmp_path: Path) -> None:
    """Also one that does not compress into the first few kilobytes."""
    url = "wss://" + "".join(f"{zlib.crc32(b'%d' % number):x}" for number in range(3000))
    header = msgspec.structs.replace(HEADER, url=url)
    path = create_recording(tmp_path / "a.jsonl.zst", header, make_rule=RULES.sequence_rule).finish()
    seen = glance(path)
    assert seen is not None
    assert seen.header == header


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_formats_without_an_index_say_nothing(tmp_path: Path, name: str) -> None:
    assert glance(recorded(tmp_path / name)) is None


def test_what_is_being_written_or_was_left_says_nothing(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.jsonl.zst")
    assert glance(path.rename(tmp_path / "b.jsonl.zst.part")) is None


@pytest.mark.parametrize(
    "lie",
    [
        {"header": 1},
        {"text": 1},
        {"channels": [["numbers", "", 49, 100]]},
        {"channels": [["numbers", "", 51, 100], ["", "", -1, 0]]},
        {"begin": None},
        {"received": [None, None]},
        {"received": [[0, -1], [0, 0]]},
        {"frames_over_time": [7, 0, 49, [0], [50]]},
        {"frames_over_time": [1953125 * 3, 0, 49, [0], [50]]},
        {"frames_over_time": [1953125, 0, 49, [0, 0], [25, 25]]},
        {"frames_over_time": [1953125, 0, 49, [0, 1], [51, -1]]},
        {"frames_over_time": [1953125, None, None, [0], [50]]},
        {"frames_over_time": [1953125, 0, 49, [0], [25, 25]]},
        {"seconds": [-1, None, None]},
        {"seconds": [51, [0, 50], [0, 50]]},
        {"sent": 1},
        {"events": {"open": 2}},
        {"channels": [["letters", "", 50, 90]]},
        {"channels": [["numbers", "", 50, 1 << 40]]},
        {"jump": [0, 10**30]},
        {"events": []},
        {"sequence": {"first_resets": [[0, -5, 1, 1, None, None]]}},
    ],
)
def test_a_summary_that_lies_is_not_taken(tmp_path: Path, lie: dict[str, object]) -> None:
    assert glance(with_facts(recorded(tmp_path / "a.jsonl.zst"), **lie)) is None


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ({"sent": 7}, "has other sent"),
        ({"channels": [["numbers", "", 50, 91]]}, "has other channels"),
        ({"last_reading": [0, 0]}, "has other last_reading"),
        ({"text": "x"}, "has other figures"),
    ],
)
def test_verify_finds_a_summary_that_lies(tmp_path: Path, lie: dict[str, object], said: str) -> None:
    path = recorded(tmp_path / "a.jsonl.zst")
    assert verify_recording(path, lambda _: RULES).is_good
    assert verify_recording(path, lambda _: Rules()).is_good  # without knowing the feed, nothing can be compared
    (problem,) = verify_recording(with_facts(path, **lie), lambda _: RULES).problems
    assert problem.kind == "index"
    assert said in problem.text


def test_one_with_keys_of_later_versions_is(tmp_path: Path) -> None:
    assert glance(with_facts(recorded(tmp_path / "a.jsonl.zst"), later={"a": 1})) is not None


def test_an_index_of_an_earlier_version_says_nothing(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.jsonl.zst")
    index = index_of(path)
    index.summary = None
    put_index(path, index)
    assert glance(path) is None


def test_any_byte_of_the_header_that_changes_shows(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.jsonl.zst")
    data = bytearray(path.read_bytes())
    for place in range(9, 40):
        changed = data.copy()
        changed[place] ^= 1
        path.write_bytes(changed)
        seen = glance(path)
        assert seen is None or seen.header == HEADER


def test_a_summary_is_bounded(tmp_path: Path) -> None:
    """More connections than it may tell of."""
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER, make_rule=RULES.sequence_rule)
    for number in range(LARGEST_SUMMARY // 20):
        writer.write(Event(number, number, "open"))
    assert glance(writer.finish()) is None
    assert decode_facts(b"{}") is None
    assert decode_facts(msgspec.json.encode(FileFacts(0))) is not None
