from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.places.patience import Patience


def test_waits_grow_up_to_the_longest_and_are_never_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    patience = Patience(attempts=7, first_wait=1.0, longest_wait=5.0)
    assert list(patience.tries()) == [False] * 6 + [True]
    for wait, most in zip(waits, (1, 2, 4, 5, 5, 5), strict=True):
        assert most / 2 <= wait <= most
    assert list(patience.tries()) == [False] * 6 + [True]
    assert waits[:6] != waits[6:]


@given(st.integers(0, 1 << 40))
def test_what_is_large_may_take_long_but_not_for_ever(size: int) -> None:
    timeout = Patience(stall=30, slowest=1 << 16).timeout(size)
    least = 30 + size / (1 << 16)
    assert int(least) <= timeout <= 2 * least + 2
    assert timeout.bit_count() == 1
