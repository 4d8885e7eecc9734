"""Of what a venue causes a thousand times a second, the log has a few lines and a number, and the recording has all."""

from __future__ import annotations

from typing import Any

import pytest

from feedrec.feeds import Notice
from feedrec.feeds.redaction import Redaction
from feedrec.formats.file.growing.disk_rules import REPORT_EVERY
from feedrec.recorder.notices import MOST_LINES, NoticeLimit, Notices


class Client:
    """Accepts nothing yet."""

    acceptance = None


class Other:
    """Stands for what is told of nothing here."""

    is_amid = False

    def lost(self, *_: object) -> None: ...

    def problem(self, *_: object) -> None: ...


def test_some_of_a_kind_are_logged_and_the_others_counted_until_the_time_is_over() -> None:
    limit = NoticeLimit()
    allowed = [limit.allows("gap", 100.0) for _ in range(MOST_LINES + 5)]
    assert allowed == [True] * MOST_LINES + [False] * 5
    assert limit.allows("error", 101.0)
    assert not limit.held_back(100.0 + REPORT_EVERY - 1)
    assert limit.held_back(100.0 + REPORT_EVERY) == {"gap": 5}
    assert limit.allows("gap", 100.0 + REPORT_EVERY)
    assert limit.rest() == {}


def test_a_storm_of_gaps_is_recorded_whole_and_logged_in_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    events: list[str] = []

    def write(event: str, details: dict[str, Any], time: int | None) -> None:  # noqa: ARG001
        events.append(event)

    other: Any = Other()
    client: Any = Client()
    notices = Notices(client, Redaction(), other, write, lambda *_: None, other)
    for number in range(1000):
        notices.report([Notice(f"gap: {number}", "warning", "gap", {})])
    notices.report([Notice("refused", "fatal", None, {})])
    notices.end()
    assert events == ["gap"] * 1000
    said = [record.getMessage() for record in caplog.records]
    assert said[:MOST_LINES] == [f"gap: {number}" for number in range(MOST_LINES)]
    assert said[MOST_LINES:] == ["refused", "gap: so many that 990 more were not logged"]
