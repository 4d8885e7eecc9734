"""`feedrec repair` and `feedrec verify`, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header

from ..command import DEMO, feedrec

START = 1_795_280_400 * NANOSECONDS


@pytest.fixture(name="damaged")
def fixture_damaged(tmp_path: Path) -> Path:
    """Give a recording with several blocks, of which one is damaged."""
    path = tmp_path / "a.jsonl.zst"
    writer = create_recording(path, Header("coinbase-advanced", created=START))
    writer.write(Event(START, 0, "open"))
    for number in range(4000):
        payload = b'{"channel":"ticker","sequence_num":%d,"x":"%b"}' % (number, b"%08d" % (number * 7919) * 100)
        writer.write(Frame(START + number, 0, payload))
    writer.finish()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    return path


def test_verify_says_what_is_wrong_and_where(damaged: Path) -> None:
    done = feedrec("verify", damaged)
    assert done.returncode == 3
    assert b"damage: corrupt zstd frame" in done.stdout
    assert b" lines lost" in done.stdout
    assert b"byte " in done.stdout
    facts = json.loads(feedrec("verify", "--json", damaged).stdout)
    assert not facts["good"]
    assert [problem["kind"] for problem in facts["problems"]] == ["damage"]


def test_repair_saves_what_it_can_and_says_what_it_cannot(damaged: Path) -> None:
    done = feedrec("repair", damaged)
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith(b"saved ")
    assert b"bytes at byte " in done.stdout
    output = damaged.with_name("a.repaired.jsonl.zst")
    assert feedrec("verify", output).returncode == 0
    again = feedrec("repair", damaged)
    assert (again.returncode, b"already exists" in again.stderr) == (1, True)
    facts = json.loads(feedrec("repair", "--overwrite", "--json", damaged).stdout)
    assert facts["frames"] + facts["frames_lost"] == 4000
    assert facts["is_exact"]


def test_salvage_keeps_lines_of_the_damaged_block(damaged: Path) -> None:
    done = feedrec("repair", "--salvage", "--in-place", "--json", damaged)
    facts = json.loads(done.stdout)
    assert done.returncode == 3
    assert facts["unverified"] > 0
    assert facts["frames"] + facts["frames_lost"] == 4000
    assert list(damaged.parent.iterdir()) == [damaged]


def test_what_is_no_recording_fails_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(b"hello\n")
    for command in ("verify", "repair"):
        done = feedrec(command, path)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1


def test_what_a_checkout_made_of_line_ends_is_noted_and_not_a_loss(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    writer = create_recording(path, Header("raw", created=START))
    writer.write(Frame(START, 0, b'{"n":1}'))
    writer.finish()
    text = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + text[:-1].replace(b"\n", b"\r\n\r\n"))
    done = feedrec("verify", path)
    assert done.returncode == 0
    for note in (b"byte order mark", b"CR LF", b"1 blank line", b"no line feed at its end"):
        assert note in done.stdout
    assert feedrec("repair", path, "-o", tmp_path / "b.jsonl").returncode == 0
    assert (tmp_path / "b.jsonl").read_bytes() == text


def test_a_folder_is_verified_file_by_file(tmp_path: Path, damaged: Path) -> None:
    (tmp_path / "b.jsonl.zst").write_bytes(bytes(20) + damaged.read_bytes()[20:])
    (tmp_path / "c.jsonl.zst").write_bytes(b"hello")
    done = feedrec("verify", tmp_path)
    assert done.returncode == 1
    assert done.stdout.count(b" problem") == 2
    assert len(done.stderr.splitlines()) == 1


def test_what_needs_it_in_a_folder_is_repaired(tmp_path: Path, damaged: Path) -> None:
    """Each has its line; the worst decides the exit code, and what was damaged stays as it was."""
    (tmp_path / "b.jsonl.zst.part").write_bytes(DEMO.read_bytes())
    (tmp_path / "good.jsonl.zst").write_bytes(DEMO.read_bytes())
    before = damaged.read_bytes()
    done = feedrec("repair", ".", "-o", "saved", cwd=tmp_path)
    assert done.returncode == 3
    first, second, third = done.stdout.decode().splitlines()
    assert first.startswith("a.jsonl.zst: saved ")
    assert ", lost " in first
    assert (second, third) == ("b.jsonl.zst.part: needs no repair", "good.jsonl.zst: needs no repair")
    assert [path.name for path in (tmp_path / "saved").iterdir()] == ["a.jsonl.zst"]
    assert damaged.read_bytes() == before
    (tmp_path / "c.jsonl.zst").write_bytes(b"hello")
    done = feedrec("repair", ".", "-o", "saved", "--overwrite", "--json", cwd=tmp_path)
    assert done.returncode == 1
    facts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [fact["path"] for fact in facts] == ["a.jsonl.zst", "b.jsonl.zst.part", "c.jsonl.zst", "good.jsonl.zst"]
    assert ["error" in fact for fact in facts] == [False, False, True, False]


def test_a_recording_left_by_a_killed_recorder_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "demo.jsonl.zst.part"
    path.write_bytes(DEMO.read_bytes()[:70_000])
    assert feedrec("verify", path).returncode == 3
    assert feedrec("repair", path.name, cwd=tmp_path).returncode == 3
    assert feedrec("verify", tmp_path / "demo.jsonl.zst").returncode == 0


def test_in_place_and_output_exclude_each_other(tmp_path: Path) -> None:
    assert feedrec("repair", "--in-place", "-o", tmp_path / "b.jsonl.zst", DEMO).returncode == 2


def test_an_endpoint_that_is_unknown_is_refused(damaged: Path) -> None:
    done = feedrec("repair", damaged, "--endpoint", "nosuch")
    assert (done.returncode, b"there is no endpoint" in done.stderr) == (2, True)


def test_who_gave_the_endpoint_is_not_told_to(damaged: Path) -> None:
    data = damaged.read_bytes()
    damaged.write_bytes(bytes(20) + data[20:])
    done = feedrec("repair", damaged, "--endpoint", "coinbase-advanced")
    assert b"has been replaced\n" in done.stdout
    done = feedrec("repair", damaged, "--overwrite")
    assert b"(name the endpoint with --endpoint)" in done.stdout
