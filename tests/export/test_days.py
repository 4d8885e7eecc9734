"""Days are those of UTC."""

from __future__ import annotations

from datetime import date

import pytest

from feedrec.export.days import DAY, date_of, day_of
from feedrec.model import parse_time


@pytest.mark.parametrize("clock", ["00:00:00", "23:59:59.999999999"])
def test_a_day_begins_at_midnight_of_its_date(clock: str) -> None:
    time = parse_time(f"2024-02-29T{clock}Z")
    assert day_of(time) == parse_time("2024-02-29T00:00:00Z")
    assert date_of(time) == date(2024, 2, 29)
    assert date_of(day_of(time) + DAY) == date(2024, 3, 1)
