from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore import exceptions

from feedrec.errors import ObjectExistsError, PlaceAwayError, PlaceError
from feedrec.formats.places.asking import create, try_often
from feedrec.formats.places.patience import Patience
from feedrec.formats.places.protocol import StoredObject

_AWAY = RuntimeError("kind: Timeout")
_DENIED = RuntimeError("status code: 403 Forbidden")
_PATIENCE = Patience(attempts=4, first_wait=0)


def _calls(outcomes: list[Exception | None]) -> tuple[Callable[[], str], list[Exception | None]]:
    left = list(outcomes)

    def call() -> str:
        outcome = left.pop(0) if left else None
        if outcome is not None:
            raise outcome
        return "done"

    return call, left


@given(st.lists(st.sampled_from([_AWAY, _DENIED, None]), max_size=6))
def test_only_what_may_go_away_is_asked_for_again_and_not_too_often(outcomes: list[Exception | None]) -> None:
    call, left = _calls(outcomes)
    first = next((number for number, one in enumerate(outcomes) if one is not _AWAY), len(outcomes))
    expected = _AWAY if first >= 4 else [*outcomes, None][first]
    if expected is None:
        assert try_often(_PATIENCE, Path("x"), call) == "done"
    else:
        with pytest.raises(PlaceError) as caught:
            try_often(_PATIENCE, Path("x"), call)
        assert isinstance(caught.value, PlaceAwayError) == (expected is _AWAY)
    assert len(left) == max(0, len(outcomes) - min(first + 1, 4))


class _Place:
    """A place with one name, of which attempts and their answers are lost as told; others may take the name."""

    def __init__(self, steps: list[str]) -> None:
        self.steps = steps
        self.has: str | None = None

    def put(self) -> None:
        step = self.steps.pop(0) if self.steps else "fine"
        if step == "taken":
            self.has = self.has or "other"
        if step == "lost before":
            raise _AWAY
        if self.has is not None:
            raise exceptions.AlreadyExistsError("it is there")
        if step == "busy":
            raise exceptions.AlreadyExistsError("409")
        self.has = "ours"
        if step == "lost after":
            raise _AWAY

    def find(self) -> StoredObject | None:
        return None if self.has is None else StoredObject("x", 0, self.has, 0)


@given(st.lists(st.sampled_from(["fine", "lost before", "lost after", "busy", "taken"]), max_size=8))
def test_created_is_what_is_ours_and_no_other_object_is_ever_taken_for_it(steps: list[str]) -> None:
    place = _Place(list(steps))
    try:
        create(_PATIENCE, Path("x"), place.put, place.find, lambda there: there.tag == "ours")
    except ObjectExistsError:
        assert place.has == "other"
    except PlaceAwayError:
        assert {"lost before", "lost after", "busy"} >= set(steps[3:4])
    else:
        assert place.has == "ours"
