"""What cannot be written, or is there already, is found before the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feedrec.errors import RecordingExistsError, UsageError
from feedrec.formats.places.url_path import UrlPath, place_of
from feedrec.formats.staging.targets import refuse_target

if TYPE_CHECKING:
    from ...object_server import Bucket


def test_what_is_there_is_found_before_the_work(bucket: Bucket) -> None:
    """A file by its name, those of a rotation by what their names have in common."""
    url = bucket.url / "a" / "x"
    refuse_target(url)
    refuse_target(url, is_ours=lambda name: name.startswith("x-"))
    bucket.store.create("a/x", b"1")
    bucket.store.create("a/x-2", b"1")
    bucket.store.create("a/y/x-3", b"1")
    with pytest.raises(RecordingExistsError, match=f"^{url}: already exists: choose another name, or use --overwrite"):
        refuse_target(url)
    with pytest.raises(RecordingExistsError, match=f"^{url}-2: already exists"):
        refuse_target(url, is_ours=lambda name: name.startswith("x-"))
    refuse_target(url, is_ours=lambda name: name.startswith("x-3"))
    refuse_target(url, overwrite=True)
    refuse_target(url, is_folder=True)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://host/x.jsonl", "web servers are only read from: write to s3://"),
        ("s3://bucket", "is a whole bucket: name a file in it"),
    ],
)
def test_what_cannot_be_written_to_is_refused(url: str, told: str) -> None:
    """Before a store is asked."""
    target = place_of(url)
    assert isinstance(target, UrlPath)
    with pytest.raises(UsageError, match=told):
        refuse_target(target)
