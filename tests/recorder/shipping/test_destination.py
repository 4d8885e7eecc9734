"""An object has the path of its file below the folder, unless no object should have such a name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feedrec.errors import CannotShipError, UsageError
from feedrec.formats.places.url_path import place_of
from feedrec.recorder.shipping.destination import Destination, key_of

from ...object_server import Bucket

FOLDER = Path("/recordings")
TO = Destination(Path("/place"))


@pytest.mark.parametrize("name", ["x.jsonl", "2026/11/x.jsonl", "a b#c?d%20[e]+&'~.jsonl", "ä/b.jsonl"])
def test_a_path_is_a_key(name: str, bucket: Bucket) -> None:
    assert key_of(FOLDER / name, FOLDER, TO) == name
    Destination(bucket.url).store.create(name, b"x")
    assert [one.key for one in bucket.store.list()] == [name]


@pytest.mark.parametrize(
    "name",
    [
        "a\nb.jsonl",
        "a\x1b[2Jb.jsonl",
        "a\u202eb.jsonl",
        "../x.jsonl",
        "a/../../x.jsonl",
        ".feedrec-shipping/x.jsonl",
        os.fsdecode(b"\xff.jsonl"),
        "x" * 1025,
        "",
    ],
)
def test_a_hostile_name_is_refused(name: str) -> None:
    with pytest.raises(CannotShipError):
        key_of(FOLDER / name, FOLDER, TO)


def test_what_is_elsewhere_has_no_key() -> None:
    with pytest.raises(CannotShipError, match="is not in /recordings"):
        key_of(Path("/other/x.jsonl"), FOLDER, TO)


def test_the_prefix_counts_for_the_length() -> None:
    to = Destination(place_of(f"s3://bucket/{'p' * 1000}"))
    assert key_of(FOLDER / "short.jsonl", FOLDER, to)
    with pytest.raises(CannotShipError, match="1026 bytes"):
        key_of(FOLDER / ("x" * 25), FOLDER, to)


def test_nothing_is_shipped_to_a_web_server() -> None:
    with pytest.raises(UsageError, match="web server"):
        Destination(place_of("https://example.com/x"))
