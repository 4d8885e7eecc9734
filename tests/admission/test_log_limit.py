"""Log lines that a client can cause."""

from __future__ import annotations

import logging

import pytest

from feedrec.admission.log_limit import LogLimit, shortened

LOG = logging.getLogger("feedrec.replay")


class Clock:
    """A time in seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lines_beyond_the_limit_are_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    limit = LogLimit(LOG, "client 7", at_once=2, per_second=1.0, clock=clock)
    with caplog.at_level(logging.INFO):
        for number in range(1003):
            limit.log(logging.INFO if number else logging.WARNING, "line %d", number)
        clock.now = 1.0
        limit.log(logging.WARNING, "line %d", 1003)
        limit.log(logging.WARNING, "line %d", 1004)
        limit.tell_left_out()
        limit.tell_left_out()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "line 0"),
        ("INFO", "line 1"),
        ("INFO", "client 7: 1,001 more lines left out"),
        ("WARNING", "line 1003"),
        ("WARNING", "client 7: 1 more line left out"),
    ]


def test_lines_that_are_not_logged_anyway_do_not_count(caplog: pytest.LogCaptureFixture) -> None:
    limit = LogLimit(LOG, "client 7", at_once=1, per_second=1.0, clock=Clock())
    with caplog.at_level(logging.WARNING, "feedrec.replay"):
        for _ in range(10):
            limit.log(logging.DEBUG, "unseen")
        limit.log(logging.WARNING, "seen")
        limit.tell_left_out()
    assert caplog.messages == ["seen"]


def test_a_limit_on_a_limit_keeps_to_both(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    all_clients = LogLimit(LOG, "clients", at_once=3, per_second=1.0, clock=clock)
    limits = [LogLimit(all_clients, f"client {number}", at_once=2, per_second=1.0, clock=clock) for number in range(2)]
    with caplog.at_level(logging.INFO):
        for limit in limits:
            for _ in range(5):
                limit.log(logging.INFO, "line")
        all_clients.tell_left_out()
    assert caplog.messages == ["line", "line", "line", "clients: 1 more line left out"]


def test_a_quoted_client_stays_on_one_short_line_without_control_characters() -> None:
    assert shortened("asks for \x1b[31m\r\n\u2028caf\u00e9") == r"asks for \x1b[31m\r\n\u2028caf" + "\u00e9"
    assert len(shortened("x" * 1_000_000)) < 400
