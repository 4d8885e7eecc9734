"""The golden recordings are read as they always were; `scripts/make_golden.py` says what is in them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from feedrec.errors import CorruptRecordingError, DamagedRecordingError, TruncatedRecordingError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_header
from scripts.make_golden import as_json

from .timing import HANG_TIMEOUT

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
NAMES = sorted(path.name.removesuffix(".expected.json") for path in GOLDEN.glob("*.expected.json"))
KINDS = {"truncated": TruncatedRecordingError, "corrupt": CorruptRecordingError}


def test_there_are_golden_recordings() -> None:
    assert len(NAMES) >= 7


@pytest.mark.parametrize("name", NAMES)
def test_what_is_expected_is_found(name: str) -> None:
    expected = json.loads((GOLDEN / f"{name}.expected.json").read_text())
    found: list[dict[str, Any]] = []
    damage = None
    with open_recording(GOLDEN / name) as recording:
        try:
            found.extend(as_json(record) for record in recording)
        except DamagedRecordingError as error:
            kind = next(kind for kind, known in KINDS.items() if isinstance(error, known))
            damage = {"kind": kind, "offset": error.offset, "last_time": error.last_time}
        index = json.loads(msgspec.json.encode(recording.index and recording.index.blocks))
        header = json.loads(encode_header(recording.header))
    assert header == expected["header"]
    assert found == expected["records"]
    assert damage == expected["damage"]
    assert index == expected["index"]


def test_the_lines_of_today_are_those_of_the_golden_recording(tmp_path: Path) -> None:
    """What compresses may change; the lines of version 1 may not."""
    path = tmp_path / "again.jsonl"
    with open_recording(GOLDEN / "everything.jsonl.zst") as recording:
        writer = create_recording(path, recording.header)
        for record in recording:
            writer.write(record)
        writer.finish()
    assert path.read_bytes() == (GOLDEN / "everything.jsonl").read_bytes()


def test_the_script_makes_what_is_here(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "make_golden.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, timeout=HANG_TIMEOUT, capture_output=True, cwd=ROOT)
    for name in NAMES:
        if name.endswith(".jsonl"):  # another release of zstd, zlib or Arrow may write other bytes
            assert (tmp_path / name).read_bytes() == (GOLDEN / name).read_bytes()
