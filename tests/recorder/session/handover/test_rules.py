"""When a connection may be closed because another one has taken its place: each rule by itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.recorder.session.handover.rules import Handover, Sight


@pytest.fixture(autouse=True)
def real_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge by the waits of a real run."""
    for name, seconds in (("OVERLAP", 1.0), ("UNTOLD_AFTER", 12.0), ("PATIENCE", 30.0)):
        monkeypatch.setattr(f"feedrec.recorder.session.handover.rules.{name}", seconds)


def verdicts(*sights: Sight, old_frames: int = 0) -> list[str]:
    handover = Handover(old_frames)
    return [handover.judge(sight) for sight in sights]


def test_after_its_acks_a_frame_must_come_and_then_both_are_kept_for_a_second() -> None:
    assert verdicts(
        Sight(0.1, 5, 0, None),
        Sight(0.2, 9, 0, is_accepted=True),
        Sight(1.9, 9, 0, is_accepted=True),
        Sight(2.0, 10, 0, is_accepted=True),
        Sight(2.9, 10, 0, is_accepted=True),
        Sight(3.0, 10, 0, is_accepted=True),
    ) == ["wait"] * 5 + ["replace"]


def test_a_feed_that_does_not_tell_is_believed_after_a_while() -> None:
    assert verdicts(
        Sight(11.9, 50, 0, None), Sight(12.0, 51, 0, None), Sight(12.1, 52, 0, None), Sight(13.1, 60, 0, None)
    ) == ["wait", "wait", "wait", "replace"]


def test_one_that_is_refused_something_is_given_up_in_the_end() -> None:
    refused = [Sight(seconds, round(seconds * 10), 0, is_accepted=False) for seconds in (1.0, 15.0, 29.9, 30.0)]
    assert verdicts(*refused) == ["wait", "wait", "wait", "give up"]


def test_one_that_is_silent_replaces_only_one_that_is_silent_too() -> None:
    silent = [Sight(1.0, 1, 7, is_accepted=True), Sight(30.0, 1, 7, is_accepted=True)]
    assert verdicts(*silent, old_frames=7) == ["wait", "replace"]
    assert verdicts(*silent, old_frames=6) == ["wait", "give up"]


def test_without_an_answer_at_all_it_is_given_up() -> None:
    assert verdicts(Sight(11.0, 0, 5, None), Sight(30.0, 0, 6, None), old_frames=5) == ["wait", "give up"]


sights = st.lists(
    st.tuples(st.floats(0, 5), st.integers(0, 3), st.sampled_from([None, True, False])), min_size=1, max_size=30
)


@given(sights)
def test_nothing_is_replaced_before_a_frame_came_after_the_acks_and_all_ends(
    steps: Sequence[tuple[float, int, bool | None]],
) -> None:
    handover, seconds, frames, old_frames = Handover(0), 0.0, 0, 0
    since_acks = 0
    for more, received, is_accepted in steps:
        seconds, frames, old_frames = seconds + more, frames + received, old_frames + 1
        is_settled = is_accepted or (is_accepted is None and seconds >= 12)
        since_acks = since_acks + received if is_settled else 0
        verdict = handover.judge(Sight(seconds, frames, old_frames, is_accepted))
        if verdict == "replace":
            assert since_acks > 0
            assert seconds >= 1
        if verdict != "wait":
            return
    assert handover.judge(Sight(seconds + 100, frames, old_frames, is_accepted=False)) == "give up"
