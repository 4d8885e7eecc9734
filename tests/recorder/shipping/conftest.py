"""A recording, and places of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.recorder.shipping.destination import Destination

from ...object_server import Bucket

BYTES = b'{"feedrec":1}\n' * 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a recording, as far as shipping looks into it."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(BYTES)
    return path


@pytest.fixture(params=["bucket", "folder"])
def to(request: pytest.FixtureRequest, tmp_path: Path) -> Destination:
    """Give a place of each kind."""
    if request.param == "folder":
        return Destination(tmp_path / "place")
    bucket: Bucket = request.getfixturevalue("bucket")
    return Destination(bucket.url / "prefix")
