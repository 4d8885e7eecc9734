"""What is read of files tells which feed they are of, and when they end."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from feedrec.feeds import find_feed, rule_of
from feedrec.formats import create_recording
from feedrec.model import Event, Header
from feedrec.recorder.keeping.feed_key import key_of
from feedrec.recorder.keeping.file_ends import FileEnd, LowPriorityReader, read_end

HEADER = Header("raw", subscriptions=[{"channel": "é"}])
END = 1_795_698_000_000_000_007


def make(path: Path) -> Path:
    writer = create_recording(path, HEADER, make_rule=rule_of(find_feed("raw")))
    for time in (END - 9, END, END - 5):
        writer.write(Event(time, 0, "note", {}))
    return writer.finish()


@pytest.mark.parametrize(("suffix", "end"), [("jsonl.zst", END), ("parquet", END), ("jsonl", None), ("jsonl.gz", None)])
def test_a_process_reads_many_files(suffix: str, end: int | None, tmp_path: Path) -> None:
    """Whatever their names, and whatever is wrong with one."""
    good = make(tmp_path / f"a\udcff\n{suffix}.{suffix}")
    bad = tmp_path / f"bad.{suffix}"
    bad.write_bytes(b"bad!")
    assert LowPriorityReader()([bad, good, tmp_path / "none"]) == [FileEnd(), FileEnd(key_of(HEADER), end), FileEnd()]


def test_a_file_in_the_process_is_read_the_same(tmp_path: Path) -> None:
    header, end = read_end(make(tmp_path / "x.jsonl.zst"))
    assert (header is not None, end) == (True, END)
    assert read_end(tmp_path) == (None, None)


def test_nothing_is_read_without_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, reader = make(tmp_path / "x.jsonl.zst"), LowPriorityReader()

    def no_process(*_: Any, **__: Any) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", no_process)
        assert reader([path]) is None
    reader.give_up()
    assert reader([path]) is None
