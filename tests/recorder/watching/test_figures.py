"""Frames and bytes by channel: the same however the feed describes them; and no more channels than are known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.model import FrameInfo, FrameInfos
from feedrec.recorder.watching.figures import LONGEST_LABEL, MOST_CHANNELS, OTHER, EndpointFigures, label

KNOWN = ("level2", "ticker", "heartbeats")


def figures() -> EndpointFigures:
    return EndpointFigures(KNOWN, lambda channel: channel.startswith("asked"))


def counted(one: EndpointFigures) -> dict[str, tuple[int, int]]:
    return {name: (found.frames, found.bytes) for name, found in one.channels.items() if found.frames}


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1000)), max_size=30), st.integers(1, 5))
def test_columns_count_as_single_frames_do(frames: list[tuple[int, int]], kinds: int) -> None:
    """Kinds that do not occur count for nothing."""
    described = [FrameInfo(name) for name in ("level2", "ticker", "level2", "", "strange")][:kinds]
    which, sizes = [kind % kinds for kind, _ in frames], [size for _, size in frames]
    together, one_by_one = figures(), figures()
    together.add(FrameInfos(described, which, [None] * len(which)), sizes)
    for kind, size in zip(which, sizes, strict=True):
        one_by_one.add([described[kind]], [size])
    assert counted(together) == counted(one_by_one)


def test_a_venue_cannot_make_up_channels() -> None:
    """What is neither the feed's nor asked for is one channel, whatever it is called; so is what has no name."""
    one = figures()
    names = ["level2", "asked-for", "", *(f"made up {number}" for number in range(1000))]
    one.add([FrameInfo(name) for name in names], [1] * len(names))
    assert counted(one) == {"level2": (1, 1), "asked-for": (1, 1), OTHER: (1001, 1001)}


def test_there_are_only_so_many_channels() -> None:
    one = figures()
    one.add([FrameInfo(f"asked-{number}") for number in range(2 * MOST_CHANNELS)], [1] * 2 * MOST_CHANNELS)
    assert len(one.channels) <= MOST_CHANNELS + 1
    assert sum(frames for frames, _ in counted(one).values()) == 2 * MOST_CHANNELS


def test_long_names_that_begin_alike_are_one_channel() -> None:
    """Two series of the same labels would be an error of the whole scrape."""
    one = figures()
    one.add([FrameInfo("asked" + "x" * 1000 + str(number)) for number in range(3)], [1] * 3)
    assert counted(one) == {("asked" + "x" * 1000)[:LONGEST_LABEL]: (3, 3)}


def test_a_label_is_valid_text() -> None:
    assert label("a\udcffb") == "a?b"


def test_gaps_count_for_their_channel_or_for_the_connection() -> None:
    one = figures()
    one.event("gap", {"channel": "ticker", "missing": 3})
    one.event("gap", {"missing": 4})
    one.event("gap", {"missing": "many"})
    one.event("reset", {"channel": "level2"})
    one.event("close", {"channel": "level2"})
    found = {name: (each.gaps, each.missing, each.resets) for name, each in one.channels.items()}
    assert found == {"ticker": (1, 3, 0), "": (2, 4, 0), "level2": (0, 0, 1)}
