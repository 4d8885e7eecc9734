"""What was left by who was killed is removed from a place, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from feedrec.errors import PlaceError
from feedrec.recorder.shipping.destination import TEMPORARY, Destination
from feedrec.recorder.shipping.sweeping import Swept, check_can_sweep, sweep

from ...object_server import Bucket

DAY = 86_400 * 10**9
BEGUN = 1_289_422_113 * 10**9  # when moto says that all uploads were begun


def uploads(bucket: Bucket) -> list[str]:
    client = boto3.client("s3", region_name="us-east-1")
    return [one["Key"] for one in client.list_multipart_uploads(Bucket=bucket.url.parts[1]).get("Uploads", [])]


def begin_upload(bucket: Bucket, key: str) -> None:
    client: Any = boto3.client("s3", region_name="us-east-1")
    client.create_multipart_upload(Bucket=bucket.url.parts[1], Key=key)


def test_temporary_objects_go_when_they_are_old_enough(to: Destination) -> None:
    check_can_sweep(to)
    to.store.create("x.jsonl", b"x")
    to.store.create(f"{TEMPORARY}/abc", b"x")
    assert list(sweep(to, DAY)) == []
    assert list(sweep(to, DAY, wall=lambda: time.time_ns() + 2 * DAY)) == [Swept(f"{TEMPORARY}/abc", is_upload=False)]
    assert [one.key for one in to.store.list()] == ["x.jsonl"]


@pytest.mark.moto  # which says of all uploads that they began at one time
def test_uploads_that_were_never_finished_go_and_those_of_others_stay(bucket: Bucket) -> None:
    for key in ("p/x.jsonl.zst", "p/x.jsonl.zst.state", f"p/{TEMPORARY}/abc", "p/movie.mp4", "q/x.jsonl.zst"):
        begin_upload(bucket, key)
    to = Destination(bucket.url / "p")
    assert list(sweep(to, DAY, wall=lambda: BEGUN + DAY // 2)) == []
    swept = list(sweep(to, DAY, wall=lambda: BEGUN + 2 * DAY))
    assert {one.key for one in swept if one.is_upload} == {"x.jsonl.zst", "x.jsonl.zst.state", f"{TEMPORARY}/abc"}
    assert uploads(bucket) == ["p/movie.mp4", "q/x.jsonl.zst"]


def test_what_a_killed_one_left_in_a_folder_goes(tmp_path: Path) -> None:
    to = Destination(tmp_path)
    to.store.create("day/x.jsonl", b"x")
    left = tmp_path / "day" / ".feedrec-abc"
    left.touch()
    assert list(sweep(to, DAY)) == []
    os.utime(left, ns=(0, 0))
    assert list(sweep(to, DAY)) == [Swept("day/.feedrec-abc", is_upload=False)]
    assert (tmp_path / "day" / "x.jsonl").exists()


def test_a_store_that_refuses_is_told_of_in_a_line(bucket: Bucket) -> None:
    bucket.server.answer = lambda environment: (
        ("403 Forbidden", [], b"<Error><Code>AccessDenied</Code></Error>")
        if "uploads" in environment["QUERY_STRING"]
        else None
    )
    with pytest.raises(PlaceError, match="stay there") as raised:
        list(sweep(Destination(bucket.url), 0))
    assert "\n" not in str(raised.value)
