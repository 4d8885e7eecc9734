from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedrec.errors import NotARecordingError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.places.opening import is_folder
from feedrec.model import Frame, Header

if TYPE_CHECKING:
    from tests.object_server import Bucket


def test_a_recording_in_a_bucket_reads_as_here(bucket: Bucket, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"
    with create_recording(path, Header(endpoint="raw", url="wss://x", created=1)) as writer:
        for number in range(2000):
            writer.write(Frame(number * 10**6, 0, b'{"n":%d}' % number))
    bucket.store.create("a/x.jsonl.zst", path)
    url = bucket.url / "a/x.jsonl.zst"
    with open_recording(str(url)) as there, open_recording(path) as here:
        assert list(there) == list(here)
        assert list(there.batches(10**9)) == list(here.batches(10**9))
    assert (is_folder(bucket.url), is_folder(url.parent), is_folder(url), is_folder(bucket.url / "b")) == (
        True,
        True,
        False,
        False,
    )
    with pytest.raises(NotARecordingError, match=r"s3://.*/y: no such object"):
        open_recording(bucket.url / "y")
