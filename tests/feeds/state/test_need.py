"""What of a recording a state depends on."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.state.keyed_state import KeyedState, LastFrame
from feedrec.feeds.state.need import Need, needs_of, written
from feedrec.model import FrameInfo


class Last(KeyedState):
    """The last frame of each channel."""

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        self.values[info.channel, ""] = LastFrame(payload)

    def needs(self) -> Sequence[Need] | None:
        return [Need(("a", ""), ("a",), "", (), "settled")]


class Another(Last):
    """One that takes in frames in its own way."""

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        super().apply(info, payload * 2)


class Quiet(Last):
    """One that changes nothing of that."""

    def keys(self) -> list[tuple[str, str]]:
        return []


class Plain:
    """A state that stands on nothing."""

    def apply(self, info: FrameInfo, payload: bytes) -> None: ...

    def keys(self) -> list[tuple[str, str]]:
        return []

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None: ...

    def copy(self) -> Plain:
        return self


def test_what_a_state_needs_is_what_its_class_says() -> None:
    assert needs_of(Last()) == needs_of(Quiet()) == Last().needs()


def test_a_class_that_takes_in_frames_in_its_own_way_must_say_itself_what_it_needs() -> None:
    assert needs_of(Another()) is None


def test_a_state_that_says_nothing_needs_everything() -> None:
    assert needs_of(Plain()) is None


def test_a_state_is_settled_as_soon_as_there_is_a_snapshot() -> None:
    state = Last()
    assert not state.is_settled("a", "")
    state.apply(FrameInfo("a"), b"{}")
    assert state.is_settled("a", "")


@given(st.text())
def test_a_string_stands_in_json_as_it_is_written_unless_there_is_a_backslash(text: str) -> None:
    word = written(text)
    for is_ascii in (True, False):
        found = json.dumps({"product": text}, ensure_ascii=is_ascii).encode()
        assert word in found or b"\\" in found
