"""Frames on their way to the process that checks them arrive as they were sent."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from feedrec.recorder.checking.check_frames import CheckFrame, forgetting, head_of, read_frames

NUMBER = st.integers(0, 2**64 - 1)
FRAMES = st.lists(
    st.builds(CheckFrame, NUMBER, NUMBER, st.binary()) | st.builds(CheckFrame, NUMBER, st.just(0), st.none())
)


def sent(frames: list[CheckFrame]) -> bytes:
    return b"".join(
        forgetting(one.conn) if one.payload is None else head_of(one.conn, one.time, len(one.payload)) + one.payload
        for one in frames
    )


@given(FRAMES)
def test_what_is_sent_arrives(frames: list[CheckFrame]) -> None:
    assert list(read_frames(io.BytesIO(sent(frames)))) == frames


@given(FRAMES, st.data())
def test_what_is_cut_off_is_left_out(frames: list[CheckFrame], data: st.DataObject) -> None:
    whole = sent(frames)
    cut = data.draw(st.integers(0, len(whole)))
    found = list(read_frames(io.BytesIO(whole[:cut])))
    assert found == frames[: len(found)]
    assert len(sent(found)) <= cut
