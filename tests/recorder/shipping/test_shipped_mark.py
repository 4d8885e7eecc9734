"""The mark says of which file it is, and any other content counts as none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feedrec.formats.file.names import shipped_path
from feedrec.recorder.shipping.sent_file import identity_of_file
from feedrec.recorder.shipping.shipped_mark import CheckedObject, read_mark, remove_mark, write_mark


def checked(path: Path) -> CheckedObject:
    identity = identity_of_file(path)
    assert identity is not None
    return CheckedObject(identity, identity[2], "sha", "tag", None, 1)


def test_it_holds_each_place(path: Path) -> None:
    one = checked(path)
    write_mark(path, "s3://a", one)
    write_mark(path, "s3://b", one)
    assert read_mark(path, one.identity) == {"s3://a": one, "s3://b": one}
    remove_mark(path)
    assert read_mark(path, one.identity) == {}


def test_it_is_void_for_another_file(path: Path) -> None:
    before = checked(path)
    write_mark(path, "s3://a", before)
    path.write_bytes(b"another")
    assert read_mark(path, checked(path).identity) == {}
    write_mark(path, "s3://b", checked(path))
    assert set(read_mark(path, checked(path).identity)) == {"s3://b"}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"shipped":{"a":{}}}', b'{"shipped":{"a":1}}'])
def test_any_other_content_counts_as_none(path: Path, content: bytes) -> None:
    shipped_path(path).write_bytes(content)
    assert read_mark(path, checked(path).identity) == {}


def test_a_link_or_a_pipe_is_neither_read_nor_written(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"precious")
    shipped_path(path).symlink_to(other)
    write_mark(path, "s3://a", checked(path))
    assert other.read_bytes() == b"precious"
    shipped_path(path).unlink()
    os.mkfifo(shipped_path(path))
    write_mark(path, "s3://a", checked(path))
    assert read_mark(path, checked(path).identity) == {}
