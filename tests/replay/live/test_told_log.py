"""The log of a process that serves."""

from __future__ import annotations

import logging

import pytest

from feedrec.live_messages import Logged, read_told
from feedrec.replay.live.told_log import ToldLog


def test_what_is_logged_is_told() -> None:
    told: list[bytes] = []
    record = logging.LogRecord("feedrec", logging.WARNING, "x.py", 1, "%s is\nlate", ("it",), None)
    ToldLog(told.append).handle(record)
    assert [read_told(line) for line in told] == [Logged(logging.WARNING, "it is\nlate")]


def test_a_recorder_that_is_gone_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)

    def gone(line: bytes) -> None:
        raise RuntimeError(line)

    ToldLog(gone).handle(logging.LogRecord("feedrec", logging.INFO, "x.py", 1, "late", (), None))
