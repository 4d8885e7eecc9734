"""Where a client is, and which frame was late."""

from __future__ import annotations

import pytest

from feedrec.model import Frame, FrameInfo
from feedrec.replay.client.playing.progress import Progress
from feedrec.replay.clock.lateness import LateFrame
from feedrec.replay.clock.time_types import Monotonic, RecordedSteady, Shift
from feedrec.replay.timeline.frame_batches import FrameBatch

BOOK, TICKER = FrameInfo("level2", ("BTC-USD",)), FrameInfo("ticker", ("ETH-USD",))
INFOS = [BOOK, BOOK, TICKER, BOOK, TICKER]
TIMES = [1000, 2000, 2000, 2000, 3000]  # of which the last is still to come
DUE = [Monotonic(time // 10) for time in TIMES]


def progress(infos: list[FrameInfo]) -> Progress:
    frames = [Frame(time, 0, b"{}") for time in TIMES]
    batch = FrameBatch(0, len(frames), frames, [RecordedSteady(time) for time in TIMES], infos)
    at = Progress(RecordedSteady(0), Shift(0))
    at.batch, at.past = batch, 4
    return at


@pytest.mark.parametrize(
    ("deadline", "subscribed", "recorded", "found"),
    [
        (100, {"level2": {"BTC-USD"}}, 1000, BOOK),
        (200, {"ticker": {"ETH-USD"}}, 2000, TICKER),
        (200, {"ticker": {"BTC-USD"}, "level2": {"BTC-USD"}}, 2000, BOOK),
        (200, {"ticker": frozenset[str]()}, 2000, TICKER),
        (200, None, 2000, BOOK),
        (300, None, 3000, TICKER),
    ],
    ids=["by its deadline", "of several the one it has", "by its product", "of all products", "verbatim", "at hand"],
)
def test_a_late_frame_is_one_that_the_client_was_sent(
    deadline: int, subscribed: dict[str, set[str]] | None, recorded: int, found: FrameInfo
) -> None:
    late = progress(INFOS).frame_due_at(Monotonic(deadline), DUE, 7, subscribed)
    assert late == LateFrame(7, recorded, found.channel, found.products)


@pytest.mark.parametrize(("deadline", "recorded"), [(150, 2000), (250, 3000), (999, 3000)])
def test_what_the_replay_made_is_at_the_frame_after_it(deadline: int, recorded: int) -> None:
    assert progress(INFOS).frame_due_at(Monotonic(deadline), DUE, 7, None) == LateFrame(7, recorded)


def test_where_nobody_knows_the_frames_it_has_no_channel() -> None:
    assert progress([]).frame_due_at(Monotonic(100), DUE, 7, None) == LateFrame(7, 1000)
