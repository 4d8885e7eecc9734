"""A message that names a command names one that takes the file."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner

from feedrec.cli import cli
from feedrec.formats import create_recording
from feedrec.model import Frame, Header

from ...formats.foreign.capture.captures import ng_file, small
from ...formats.foreign.har.archives import TWO

HEADER = Header("raw", created=1)
CAPTURE = small().file()
TARDIS = b'2019-06-01T00:00:01Z {"n":1}\n2019-06-01T00:00:02Z {"n":2}\n'


def recorded(path: Path) -> bytes:
    """Give the bytes of a recording in the format of that name."""
    writer = create_recording(path, HEADER)
    for number in range(200):
        writer.write(Frame(number, 0, b'{"n":%d}' % number), block=True)
    writer.finish()
    data = path.read_bytes()
    path.unlink()
    return data


def cut(data: bytes) -> bytes:
    return data[:-20]


def cut_early(data: bytes) -> bytes:
    return data[: len(data) // 3]


def headless(data: bytes) -> bytes:
    return data[:30]


def changed(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


def doubled(data: bytes) -> bytes:
    return data * 2


DAMAGES = (cut, cut_early, headless, changed)
CASES = [
    *((f"a.{suffix}", damage) for suffix in ("jsonl", "jsonl.gz", "jsonl.zst", "parquet") for damage in DAMAGES),
    *((f"a.{suffix}", doubled) for suffix in ("jsonl", "jsonl.gz", "jsonl.zst")),
]
FOREIGN = {
    "tardis": TARDIS,
    "cut": TARDIS[:-4],
    "gzip": gzip.compress(TARDIS, mtime=0),
    "cut gzip": gzip.compress(TARDIS, mtime=0)[:-4],
    "hftbacktest": b"1723161256172210766 {}\n",
    "tab": b"1723161256172210766\t{}\n",
    "capture": CAPTURE,
    "capture in zstd": zstandard.compress(CAPTURE),
    "pcapng": ng_file(small().records),
    "archive": TWO,
    "archive on one line": json.dumps(json.loads(TWO)).encode(),
    "archive in gzip": gzip.compress(json.dumps(json.loads(TWO)).replace("[", "[\n").encode(), mtime=0),
}


def follow_hints(path: Path) -> int:
    """Run the commands that read a file, and then those that their messages name; return how many these are."""
    run = CliRunner().invoke
    commands = [["cat", path], ["info", path], ["verify", path], ["repair", path], ["convert", path, "-o", "a2.jsonl"]]
    results = [run(cli, [str(word) for word in command]) for command in commands]
    said = " ".join(f"{result.output} {result.exception}" for result in results)
    named = set(re.findall(r"feedrec (cat|info|verify|repair|convert)\b", said))
    for name in named:
        output = ["-o", f"by-{name}.jsonl"] if name in {"repair", "convert"} else []
        result = run(cli, [name, str(path), *output])
        assert result.exit_code in {0, 3}, (name, result.output)
    if "--salvage" in said:
        result = run(cli, ["repair", "--salvage", str(path), "-o", "by-salvage.jsonl"])
        assert result.exit_code in {0, 3}, result.output
    return len(named)


@pytest.mark.parametrize(("name", "damage"), CASES)
def test_of_a_damaged_recording(
    name: str, damage: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(name)
    path.write_bytes(damage(recorded(path)))
    follow_hints(path)


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
def test_of_a_file_of_another_tool(data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").write_bytes(data)
    assert follow_hints(Path("a")) == 1
