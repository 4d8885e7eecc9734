"""How long a server wants to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.recorder.retry_after import LONGEST_WAIT, retry_after

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("20", 20),
        (" 120 ", 120),
        ("0", 0),
        ("86400", LONGEST_WAIT),
        ("9" * 400, LONGEST_WAIT),
        ("Wed, 25 Nov 2026 12:00:30 GMT", 30),
        ("Wed, 25 Nov 2026 11:59:00 GMT", 0),
        ("Wednesday, 25-Nov-26 12:00:30 GMT", 30),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("Fri, 31 Dec 99999999999 23:59:59 GMT", 0),
        ("Fri, 31 Dec 2026 99999999999:59:59 GMT", 0),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        ("-5", 0),
        ("1.5", 0),
        ("٢", 0),
        ("soon", 0),
        ("", 0),
    ],
)
def test_seconds_or_a_date(value: str, seconds: float) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text())
def test_any_text_is_a_wait_within_bounds(value: str) -> None:
    assert 0 <= retry_after(value, NOW) <= LONGEST_WAIT
