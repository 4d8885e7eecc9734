"""What tests of several modules share."""

from __future__ import annotations

import io
import json
from pathlib import Path

import hypothesis
import pytest
import zstandard

hypothesis.settings.register_profile("feedrec", deadline=None)  # a busy machine is no defect of the code
hypothesis.settings.load_profile("feedrec")

_CAPTURE = Path(__file__).parents[2] / "shared" / "samples" / "advanced_2026-08-09.frames.jsonl.zst"


@pytest.fixture(scope="session")
def capture_path() -> Path:
    """Give a real capture of Advanced Trade: one JSON object a line with `ts`, `dir` and `data`."""
    if not _CAPTURE.exists():
        pytest.skip(f"{_CAPTURE} is not there")
    return _CAPTURE


@pytest.fixture(scope="session")
def capture_frames(capture_path: Path) -> list[bytes]:
    """Give the frames that the venue sent in the real capture, in order."""
    with capture_path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        rows = [json.loads(line) for line in io.TextIOWrapper(stream, encoding="utf-8")]
    return [row["data"].encode() for row in rows if row["dir"] == "recv"]
