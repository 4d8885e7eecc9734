"""Checkpoints are written beside finished files by a process of its own; without them the recording is as good."""

from __future__ import annotations

import errno
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from feedrec.formats.checkpoints.state_file import StateWriter
from feedrec.formats.file.names import state_path
from feedrec.recorder.output.checkpoint_finisher import CheckpointFinisher, main

from ...deep_books import deep_recording


def test_each_file_gets_those_that_are_due(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    deep, small = deep_recording(tmp_path / "a.jsonl.zst"), deep_recording(tmp_path / "b.jsonl.zst", 2)
    finisher = CheckpointFinisher()
    finisher.add(deep)
    finisher.add(small)
    finisher.finish()
    assert not finisher.waiting
    assert sorted(tmp_path.iterdir()) == [deep, state_path(deep), small]
    assert caplog.text == ""


def test_what_fails_is_one_line_of_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    deep = deep_recording(tmp_path / "a.jsonl.zst")
    state_path(deep).mkdir()
    finisher = CheckpointFinisher()
    finisher.add(deep)
    finisher.add(tmp_path / "gone.jsonl.zst")
    finisher.finish()
    assert [record.message.partition(" (")[0].rpartition("/")[2] for record in caplog.records] == [
        "a.jsonl.zst has no checkpoints",
        "gone.jsonl.zst has no checkpoints",
    ]
    assert sorted(tmp_path.iterdir()) == [deep, state_path(deep)]


def test_a_process_that_cannot_be_started_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "no room")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    finisher = CheckpointFinisher()
    finisher.add(tmp_path / "a.jsonl.zst")
    finisher.finish()
    assert "no room" in caplog.text


def test_the_process_says_in_a_line_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no such file"):
        main([str(tmp_path / "gone.jsonl.zst")])


def test_who_ends_the_process_finds_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = deep_recording(tmp_path / "a.jsonl.zst")
    add = StateWriter.add

    def add_and_end(writer: StateWriter, *arguments: Any) -> None:
        add(writer, *arguments)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(StateWriter, "add", add_and_end)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with pytest.raises(SystemExit, match=str(128 + signal.SIGTERM)):
            main([str(deep)])
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    assert list(tmp_path.iterdir()) == [deep]
