"""A manifest is read by whoever runs the next batch, and written by whoever can write to the destination."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from feedrec.batch.manifest import Entry, decode_manifest, encode_promise
from feedrec.batch.task import OutputFile, Status

from .here import run
from .recordings import files_below, small_recording


def _entry(key: str, *files: OutputFile) -> Entry:
    return Entry(key, "convert", "/x.jsonl.zst", "crc 0 1", Status.DONE, "2026-11-27T09:00:00.000000000Z", files=files)


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a\0b", ".batch/lock", ".batch/promises/x.json"]
)
def test_an_entry_with_a_name_that_no_output_has_is_passed_over(name: str) -> None:
    """The others stay."""
    lines = [encode_promise(_entry("a", OutputFile("a", 1, ""), OutputFile(name, 1, ""))), encode_promise(_entry("b"))]
    assert list(decode_manifest(b"\n".join(lines))) == ["b"]


@pytest.mark.parametrize("size", [-1, 1 << 63, 1 << 80])
def test_an_entry_with_a_size_that_no_file_has_is_passed_over(size: int) -> None:
    """It would be sent to workers, in 64 bits."""
    line = encode_promise(_entry("a", OutputFile("a", 7_654_321, ""))).replace(b"7654321", str(size).encode())
    assert decode_manifest(line) == {}


def test_a_line_nested_beyond_what_can_be_read_is_passed_over() -> None:
    line = encode_promise(_entry("a"))[:-1] + b',"facts":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001
    assert list(decode_manifest(line + b"\n" + encode_promise(_entry("b")))) == ["b"]


def test_a_forged_manifest_removes_nothing_outside_the_destination(tmp_path: Path) -> None:
    """It says that a file elsewhere, whose bytes it knows, is a former part of an output that is made anew."""
    source, target, other = small_recording(tmp_path / "x.jsonl.zst"), tmp_path / "target", tmp_path / "other"
    run("verify", [source], target)
    other.write_bytes(b"")
    manifest = target / ".batch" / "manifest.jsonl"
    ((key, entry),) = decode_manifest(manifest.read_bytes()).items()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    forged = msgspec.structs.replace(entry, files=(*entry.files, OutputFile("../other", 0, empty)), identity="crc 0 1")
    manifest.write_bytes(encode_promise(forged))
    before = files_below(target)
    total = run("verify", [source], target)
    assert (total.failed, [one.key for one in total.results]) == (1, [key])
    assert "no batch made it" in total.results[0].reason
    assert other.exists()
    assert files_below(target) == before
