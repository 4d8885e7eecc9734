"""What earlier runs have left is found by their names."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from feedrec.cli.recording.file_names import made_up_names
from feedrec.cli.recording.finished_files import LeftBehind
from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.redaction import Redaction
from feedrec.formats import create_recording
from feedrec.formats.file.names import part_path
from feedrec.formats.file.naming.file_naming import FileNaming, NumberedNames, SingleName
from feedrec.model import Header
from feedrec.recorder import Source
from feedrec.recorder.output.file_chain import FileChain
from feedrec.recorder.output.pending import PendingMark

HEADER = Header("raw")


def leave(path: Path) -> None:
    create_recording(path, HEADER).abandon()


def caught_up(naming: FileNaming, earlier: FileNaming | None = None, *, overwrite: bool = False) -> list[str]:
    """Give the names of those that went through the steps."""
    chain, done = FileChain(HEADER, "feed"), list[str]()
    chain.on_done = lambda path: done.append(path.name)
    left = LeftBehind(naming, earlier)
    leave(next(naming.names(naming.first, 0)))  # of this run: it is none of those
    left.catch_up(chain, "raw", overwrite=overwrite)
    chain.finish()
    return done


@pytest.mark.parametrize(("overwrite", "expected"), [(False, ["x-0001.jsonl"]), (True, [])])
def test_what_is_to_be_replaced_is_not_finished(overwrite: bool, expected: list[str], tmp_path: Path) -> None:  # noqa: FBT001
    for name in ("x-0001.jsonl", "y-0001.jsonl", "x.jsonl"):
        leave(tmp_path / name)
    assert caught_up(NumberedNames(tmp_path / "x.jsonl", 2), overwrite=overwrite) == expected


def test_in_a_folder_names_are_made_up(tmp_path: Path) -> None:
    feed, asked = find_feed("coinbase-advanced"), [Subscription("ticker")]
    names = [f"coinbase-advanced_{channel}_20261126T130000Z.jsonl" for channel in ("ticker", "level2")]
    for name in names:
        leave(tmp_path / name)
    made_up = made_up_names(tmp_path, Source(feed, feed.url, asked, None, None, Redaction()), ".jsonl")
    assert caught_up(SingleName(tmp_path / "new.jsonl"), made_up) == names[:1]
    assert caught_up(SingleName(tmp_path / "newer.jsonl")) == []


@pytest.mark.parametrize("size", [0, 40])
def test_what_was_hardly_begun_is_gone_with_its_mark(
    size: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is advised to repair it, at this start or at the next one."""
    path = tmp_path / "x-0001.jsonl.zst"
    leave(path)
    part = part_path(path)
    part.write_bytes(part.read_bytes()[:size])
    os.utime(part, (1, 1))
    PendingMark.begin(path, "raw").release()
    assert caught_up(NumberedNames(tmp_path / "x.jsonl.zst", 2)) == []
    assert [one.name for one in tmp_path.iterdir()] == ["x-0002.jsonl.zst.part"]
    assert not [one for one in caplog.records if one.levelno > logging.INFO]
