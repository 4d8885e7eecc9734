"""Threads that do the slow part of something."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from feedrec.formats.file.growing.disk_rules import DiskRules
from feedrec.formats.file.growing.growing_file import begin_file
from feedrec.formats.file.naming.file_naming import SingleName
from feedrec.formats.file.rotation import RotatingWriter
from feedrec.model import Header
from feedrec.recorder.session.log_names import named_log_lines

from .timing import wait_until


def test_what_a_recording_logs_has_the_name_of_its_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """From the thread that writes it, which notices that the file is gone, and from the one that finishes files."""
    path = tmp_path / "x.jsonl"
    with named_log_lines("btc"):
        writer = RotatingWriter(SingleName(path), Header("x", created=time.time_ns()), begin_file, rules=DiskRules())
    with caplog.at_level(logging.WARNING):
        (tmp_path / "x.jsonl.part").unlink()
        wait_until(lambda: len(caplog.messages) > 0)
        writer.finish()
    assert caplog.messages[0].startswith("btc: x.jsonl.part is removed or replaced: the recording goes on in ")
    assert all(message.startswith("btc: ") for message in caplog.messages)
