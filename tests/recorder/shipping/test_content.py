"""A file has the checksums that stores tell of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import obstore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import S3Store

from feedrec.recorder.shipping.content import content_of

from ...object_server import Bucket

PART = 5 << 20


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the name of a file, which each example writes."""
    return tmp_path_factory.mktemp("content") / "x"


@given(data=st.binary(max_size=50), part=st.integers(1, 20))
def test_parts_have_the_checksum_of_their_checksums(path: Path, data: bytes, part: int) -> None:
    path.write_bytes(data)
    with path.open("rb") as file:
        content = content_of(file.fileno(), part)
    parts = [hashlib.md5(data[start : start + part]).digest() for start in range(0, len(data), part)]
    assert (content.size, content.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert f"{hashlib.md5(b''.join(parts)).hexdigest()}-{len(parts)}" in content.etags
    assert hashlib.md5(data).hexdigest() in content.etags


@pytest.mark.moto  # SeaweedFS has another etag for a copy: then the object is read
def test_a_store_tells_the_same_of_one_piece_of_parts_and_of_a_copy(tmp_path: Path, bucket: Bucket) -> None:
    data = bytes(range(256)) * (PART // 256) + b"more"
    path = tmp_path / "x"
    path.write_bytes(data)
    with path.open("rb") as file:
        content = content_of(file.fileno(), PART)
    store = S3Store.from_url(str(bucket.url), copy_if_not_exists="multipart", client_options={"allow_http": True})
    obstore.put(store, "piece", data, use_multipart=False)
    obstore.put(store, "parts", data, use_multipart=True, chunk_size=PART)
    obstore.copy(store, "parts", "copy", overwrite=False)
    tags = [str(obstore.head(store, key)["e_tag"]).strip('"') for key in ("piece", "parts", "copy")]
    assert len(set(tags)) == 3
    assert set(tags) == content.etags
