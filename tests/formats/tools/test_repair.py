"""Repairing: what is written where, and what is said of it."""

from __future__ import annotations

import errno
import fcntl
import gzip
from pathlib import Path

import msgspec
import pytest

from feedrec.errors import CorruptRecordingError, NotARecordingError, RecordingExistsError, WriteError
from feedrec.formats import open_recording
from feedrec.formats.file.names import repaired_path
from feedrec.formats.line.codec import decode_line, encode_header
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.formats.tools.repair import repair_recording
from feedrec.model import Event, Frame, format_time

from .damage import HEADER, LINES, RECORDS, index_of, pack, read_lines, repair, rules_for, verify

WHOLE = pack()
INDEX = index_of(WHOLE)
FIRST, SECOND = INDEX.blocks[:2]


def damaged(offset: int = SECOND.offset + 20) -> bytes:
    return WHOLE[:offset] + bytes([WHOLE[offset] ^ 0xFF]) + WHOLE[offset + 1 :]


@pytest.mark.parametrize(
    ("name", "in_place", "expected"),
    [
        ("a.jsonl.zst", False, "a.repaired.jsonl.zst"),
        ("a.jsonl.zst", True, "a.jsonl.zst"),
        ("a.jsonl.zst.part", False, "a.jsonl.zst"),
        ("a.jsonl.zst.part", True, "a.jsonl.zst"),
        ("a.jsonl", False, "a.repaired.jsonl"),
        ("a.zst", False, "a.repaired.jsonl.zst"),
        ("a", False, "a.repaired.jsonl.zst"),
        ("a.jsonl.gz", False, "a.repaired.jsonl.gz"),
        ("a.parquet", False, "a.repaired.parquet"),
        ("a.parquet", True, "a.parquet"),
        ("a.parquet.jsonl.zst", False, "a.parquet"),
        ("a.parquet.jsonl.zst.part", True, "a.parquet"),
    ],
)
def test_the_new_name_follows_from_the_old_one(name: str, in_place: bool, expected: str) -> None:  # noqa: FBT001
    assert repaired_path(Path("x") / name, in_place=in_place) == Path("x") / expected


def test_what_was_lost_is_an_event_in_the_new_recording(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(damaged())
    result = repair(path, output)
    lines, _ = read_lines(output)
    event = decode_line(lines[FIRST.lines])
    behind = RECORDS[FIRST.lines + SECOND.lines]
    assert isinstance(event, Event)
    assert event.time == RECORDS[FIRST.lines - 1].time
    assert (event.name, event.conn) == ("damage", RECORDS[FIRST.lines - 1].conn)
    lost = RECORDS[FIRST.lines : FIRST.lines + SECOND.lines]
    frames = sum(isinstance(one, Frame) and one.direction == "in" for one in lost)
    assert event.details == {
        "offset": SECOND.offset,
        "bytes": SECOND.size,
        "frames": frames,
        "first": format_time(event.time),
        "last": format_time(behind.time),
    }
    assert (result.frames_lost, result.lines_lost, result.is_exact) == (frames, len(lost), True)
    assert path.read_bytes() == damaged()


def test_without_an_index_it_says_that_it_does_not_know_how_much_is_lost(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(damaged()[: INDEX.end])
    result = repair(path, output)
    assert not result.is_exact
    assert result.losses[0].frames is None
    assert result.lines == len(LINES) - SECOND.lines
    (event,) = [line for line in read_lines(output)[0] if b'"damage"' in line]
    assert b'"frames"' not in event


def test_in_place_the_new_recording_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(damaged())
    result = repair_recording(path, rules_for=rules_for, in_place=True)
    assert (result.output, result.removed) == (path, True)
    assert verify(path).is_good
    assert list(tmp_path.iterdir()) == [path]


def test_a_part_gets_its_final_name(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst.part"
    path.write_bytes(WHOLE[: INDEX.end])
    result = repair_recording(path, rules_for=rules_for)
    assert (result.output, result.is_lossless) == (tmp_path / "a.jsonl.zst", True)
    assert verify(tmp_path / "a.jsonl.zst").is_good
    assert path.exists()
    with pytest.raises(RecordingExistsError, match="already exists"):
        repair_recording(path, rules_for=rules_for)
    repair_recording(path, rules_for=rules_for, in_place=True, overwrite=True)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.jsonl.zst"]


def test_a_recording_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst.part"
    path.write_bytes(WHOLE[: INDEX.end])
    with path.open("rb") as recorder:
        fcntl.flock(recorder, fcntl.LOCK_EX)
        with pytest.raises(RecordingExistsError, match="is being written"):
            repair_recording(path, rules_for=rules_for, in_place=True)
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_repair_that_was_killed_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(damaged())
    for name in ("a.repaired.repairing.jsonl.zst", "a.repaired.repairing.jsonl.zst.part"):
        (tmp_path / name).write_bytes(b"half")
    repair_recording(path, rules_for=rules_for)
    assert {one.name for one in tmp_path.iterdir()} == {"a.jsonl.zst", "a.repaired.jsonl.zst"}


def test_a_header_that_only_its_checksum_disowns_is_kept_and_marked(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(damaged(FIRST.end - 1))
    result = repair(path, output)
    assert (result.header, result.is_lossless) == ("unverified", False)
    with open_recording(output) as recording:
        assert recording.header.endpoint == HEADER.endpoint
        assert recording.header.extra == {"unverified": True}
    assert result.lines == len(LINES) - FIRST.lines


def test_a_header_that_is_lost_is_made_up_and_costs_nothing_else(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(bytes(FIRST.size) + WHOLE[FIRST.end :])
    assert repair(path, output).header == "made up"
    with open_recording(output) as recording:
        assert (recording.header.endpoint, recording.header.extra) == ("raw", {"made_up": True})
    repair_recording(path, output, rules_for=rules_for, endpoint="mine", overwrite=True)
    with open_recording(output) as recording:
        assert recording.header.endpoint == "mine"
        lines = [line for batch in recording.batches() for line in batch]
    assert lines[1:] == LINES[FIRST.lines :]
    event = decode_line(lines[0])
    assert isinstance(event, Event)
    assert (event.name, event.time) == ("damage", RECORDS[FIRST.lines].time)


def test_plain_lines_that_do_not_decode_are_dropped_and_counted(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl", tmp_path / "b.jsonl.zst"
    good = b"\n".join([encode_header(HEADER), *LINES[:4], b""])
    path.write_bytes(good + b"torn\n" + bytes(50) + b"\n" + b"\n".join([*LINES[4:], b'{"time":"20']))
    result = repair(path, output)
    assert (result.lines, result.lines_lost, result.is_exact) == (len(LINES), 3, True)
    assert [(loss.offset, loss.bytes, loss.lines) for loss in result.losses] == [
        (len(good), 56, 2),
        (path.stat().st_size - 11, 11, 1),
    ]
    lines, _ = read_lines(output)
    assert [line for line in lines if b'"damage"' not in line] == LINES


def test_a_torn_last_line_is_the_loss_of_one_frame(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst.part", tmp_path / "b.jsonl.zst"
    path.write_bytes(WHOLE[: INDEX.end - 8])
    result = repair(path, output)
    assert (result.frames_lost, result.loss_count, result.losses[0].last) == (1, 1, None)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x28\xb5\x2f\xfd", b"hello\n", WHOLE[:30], bytes(1000), b"PAR1" + bytes(100), WHOLE[INDEX.end :]],
    ids=["empty", "magic", "text", "header cut off", "zeros", "parquet", "index alone"],
)
def test_where_nothing_can_be_saved_nothing_is_written(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(content)
    with pytest.raises(NotARecordingError):
        repair_recording(path, rules_for=rules_for)
    assert list(tmp_path.iterdir()) == [path]


def test_a_recording_whose_blocks_are_all_damaged_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    data = bytearray(pack(RECORDS, block_size=1 << 20))
    data[300] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(NotARecordingError, match="nothing can be saved"):
        repair_recording(path, rules_for=rules_for)
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_recording_that_was_not_closed_is_repaired_to_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst.part"
    empty = pack([])
    path.write_bytes(empty[: index_of(empty).end])
    assert repair_recording(path, rules_for=rules_for).is_lossless
    assert read_lines(tmp_path / "a.jsonl.zst") == ([], None)


def test_the_journal_of_a_parquet_recording_becomes_that_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet.jsonl.zst.part"
    path.write_bytes(WHOLE[: INDEX.end])
    result = repair_recording(path, rules_for=rules_for)
    assert (result.output, result.removed, result.is_lossless) == (tmp_path / "a.parquet", True, True)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.parquet"]
    with open_recording(tmp_path / "a.parquet") as recording:
        assert list(recording) == RECORDS


def test_a_journal_of_which_more_could_be_salvaged_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet.jsonl.zst"
    path.write_bytes(damaged())
    assert not repair_recording(path, rules_for=rules_for).removed
    assert {one.name for one in tmp_path.iterdir()} == {"a.parquet", path.name}


def test_in_place_a_symlink_leads_to_the_old_one_whose_mode_is_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(damaged())
    path.chmod(0o600)
    link.symlink_to(path.name)
    repair_recording(link, rules_for=rules_for, in_place=True)
    assert link.is_symlink()
    assert verify(path).is_good
    assert path.stat().st_mode & 0o777 == 0o600
    assert {one.name for one in tmp_path.iterdir()} == {path.name, link.name}


def test_a_full_disk_is_reported_and_the_old_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(damaged())
    monkeypatch.setattr(BlockEncoder, "finish", refuse)
    with pytest.raises(WriteError, match="no space left"):
        repair_recording(path, rules_for=rules_for, in_place=True)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == damaged()


def test_the_old_one_is_replaced_only_in_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(damaged())
    (tmp_path / "b.jsonl.zst").hardlink_to(path)
    with pytest.raises(RecordingExistsError, match="--in-place"):
        repair_recording(path, tmp_path / "b.jsonl.zst", rules_for=rules_for, overwrite=True)
    assert path.read_bytes() == damaged()


def test_what_is_missing_is_named_also_if_the_output_is_there(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl.zst").touch()
    with pytest.raises(NotARecordingError, match="no such file"):
        repair_recording(tmp_path / "a", tmp_path / "b.jsonl.zst", rules_for=rules_for, overwrite=True)


def test_a_name_that_cannot_be_is_a_write_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(damaged())
    with pytest.raises(WriteError, match="name too long"):
        repair(path, tmp_path / f"{'b' * 300}.jsonl.zst")


def without_proof(path: Path, lost: int) -> Path:
    """Write the one block of a recording with its last bytes zero, as power loss leaves it."""
    block = pack(block_size=1 << 20)
    path.write_bytes(block[: index_of(block).end - lost] + bytes(40))
    return path


def test_where_nothing_is_proved_salvage_is_named_as_a_way(tmp_path: Path) -> None:
    path = without_proof(tmp_path / "a.jsonl.zst", 4)  # bytes of the checksum
    with pytest.raises(NotARecordingError, match="--salvage keeps"):
        repair(path, tmp_path / "b.jsonl.zst")
    assert repair(path, tmp_path / "b.jsonl.zst", keep_unverified=True).unverified == len(RECORDS)


def test_salvage_is_not_named_where_it_would_save_nothing_either(tmp_path: Path) -> None:
    """Of this block no more than the header unpacks."""
    path = without_proof(tmp_path / "a.jsonl.zst", 20)
    for keep_unverified in (False, True):
        with pytest.raises(NotARecordingError) as refusal:
            repair(path, tmp_path / "b.jsonl.zst", keep_unverified=keep_unverified)
        assert "--salvage" not in str(refusal.value)


def test_a_gzip_that_is_being_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(encode_header(HEADER) + b"\n"))
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(RecordingExistsError, match="is being written"):
            repair(path, tmp_path / "b.jsonl.gz")


@pytest.mark.parametrize("rubbish", [b"rubbish\n", b"\x00" * 50, b'{"no":"line"}\n{"no":"header"}\n'])
def test_a_header_behind_rubbish_is_found(tmp_path: Path, rubbish: bytes) -> None:
    path, output = tmp_path / "a", tmp_path / "b.jsonl"
    is_text = rubbish.endswith(b"\n")
    path.write_bytes(rubbish + (b"\n".join([encode_header(HEADER), *LINES, b""]) if is_text else WHOLE))
    result = repair(path, output)
    assert not any("second header" in problem.text for problem in verify(path).problems) or is_text
    assert (result.header, result.lines, result.losses[0].offset) == ("kept", len(LINES), 0)
    with open_recording(output) as recording:
        assert recording.header == HEADER
        assert [line for lines in recording.batches() for line in lines][1:] == LINES


def test_connections_of_an_appended_recording_are_others(tmp_path: Path) -> None:
    """Unless it is a part of the same run, which goes on with them."""
    path, output = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    other = encode_header(msgspec.structs.replace(HEADER, created=HEADER.created + 1))
    numbers = [one.conn for one in RECORDS]
    conns = max(number for number in numbers if number is not None) + 1
    for header, shift in ((other, conns), (encode_header(HEADER), 0)):
        path.write_bytes(b"\n".join([encode_header(HEADER), *LINES, header, *LINES, b""]))
        result = repair_recording(path, output, rules_for=rules_for, overwrite=True)
        assert (result.is_lossless, result.joined) == (True, 1)
        with open_recording(output) as recording:
            records = list(recording)
        renumbered = [None if number is None else number + shift for number in numbers]
        assert [one.conn for one in records[len(LINES) + 1 :]] == renumbered
        assert verify(output).problems == []


def test_errors_name_what_was_to_be_written(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "nowhere" / "b.jsonl.zst"
    path.write_bytes(WHOLE)
    with pytest.raises(WriteError) as caught:
        repair(path, output)
    assert str(caught.value).startswith(f"{output}: cannot be written")


def test_two_recordings_in_one_file_lose_no_line(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(WHOLE + WHOLE)
    lines, damage = read_lines(path)
    assert lines == LINES
    assert isinstance(damage, CorruptRecordingError)
    assert damage.offset == len(WHOLE)
    assert any("a second header: two recordings in one file" in problem.text for problem in verify(path).problems)
    result = repair(path, output)
    assert (result.is_lossless, result.joined) == (True, 1)
    lines = read_lines(output)[0]
    clock = lines.pop(len(LINES))
    assert b'"event":"clock","wall":' in clock
    assert lines == LINES + LINES


def test_an_index_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    tail = WHOLE[INDEX.end :]
    path.write_bytes(WHOLE[: SECOND.end] + tail + WHOLE[SECOND.end :])
    assert read_lines(path) == (LINES, None)
    assert not verify(path).is_good
    assert repair(path, output).is_lossless
    assert read_lines(output) == (LINES, None)
