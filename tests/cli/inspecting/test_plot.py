"""The plot of `feedrec info`: what can be read off it is so."""

from __future__ import annotations

import pytest

from feedrec.cli.inspecting.plot import ASCII, BLOCKS, plot, style_for
from feedrec.formats.tools.summary import Activity
from feedrec.model import NANOSECONDS

START = 1_786_309_548 * NANOSECONDS  # 2026-08-09T21:05:48Z


def activity(frames: list[float], gaps: list[float] = [], reconnects: list[float] = []) -> Activity:  # noqa: B006
    """Make one of seconds since the start; the recording was opened with the first frame."""
    happened = Activity()
    for histogram, seconds in ((happened.frames, frames), (happened.gaps, gaps), (happened.reconnects, reconnects)):
        histogram.add([START + round(second * NANOSECONDS) for second in seconds])
    times = sorted(START + round(second * NANOSECONDS) for second in [*gaps, *reconnects])
    if times:
        happened.others.add(times, times)
    return happened


def steady(first: float, last: float, step: float) -> list[float]:
    return [first + number * step for number in range(round((last - first) / step) + 1)]


@pytest.mark.parametrize("width", [1, 40, 80, 99, 500])
@pytest.mark.parametrize("style", [BLOCKS, ASCII])
def test_it_fits_the_terminal(width: int, style: tuple[str, str, str]) -> None:
    lines = plot(activity(steady(0, 60, 0.1), [10, 10], [59.9]), width, style)  # type: ignore[arg-type]
    assert max(map(len, lines)) < max(40, min(width, 100))
    assert len(lines) == 9


def test_the_axes_say_what_is_shown() -> None:
    top, *_, bottom, ends = plot(activity(steady(0, 100, 0.5)), 80, BLOCKS)[1:]
    assert top.split()[0] == "2.0"  # three frames in a column of 1.47 s
    assert bottom.split()[0] == "0"
    assert ends.split() == ["21:05:48Z", "21:07:28Z"]


def test_what_was_busy_is_high_and_silence_is_empty() -> None:
    """Busy, then one lone frame, then silence until a little at the end."""
    lines = plot(activity([*steady(0, 20, 0.01), 50, *steady(99, 100, 0.1)]), 80, BLOCKS)
    bars = [line.partition("┤")[2] or line.partition("│")[2] for line in lines[1:6]]
    assert bars[0].strip()
    assert bars[0].strip() in bars[0][:15]
    assert bars[-1][30:38].strip() == "▁"
    assert not bars[-1][40:65].strip()
    assert bars[-1][66:].strip()


def test_gaps_and_reconnects_stand_where_they_happened() -> None:
    lines = plot(activity(steady(0, 100, 0.5), [25.5, 25.6, 75.5], [50.5, 75.5]), 80, BLOCKS)
    marks, legend = lines[6], lines[8]
    places = {mark: marks.index(mark) - 11 for mark in "gr*"}
    assert places == {"g": 17, "r": 34, "*": 51}
    assert marks.split() == ["g", "r", "*"]
    assert legend.strip().split("   ") == ["g gap", "r reconnect", "* both"]


def test_only_what_is_there_is_in_the_legend() -> None:
    assert plot(activity(steady(0, 9, 1), [4]), 80, BLOCKS)[-1].strip() == "g gap"
    assert "gap" not in "".join(plot(activity(steady(0, 9, 1)), 80, BLOCKS))


def test_an_outage_at_the_end_is_shown() -> None:
    """The plot goes on to what happened last, not only to the last frame."""
    lines = plot(activity(steady(0, 50, 0.1), reconnects=[100]), 80, BLOCKS)
    assert len(lines[5]) < 50
    assert lines[6].rstrip().endswith("r")
    assert lines[7].split() == ["21:05:48Z", "21:07:28Z"]


@pytest.mark.parametrize(
    ("frames", "ends"),
    [
        (steady(0, 3, 0.1), ["21:05:48.000Z", "21:05:51.000Z"]),
        (steady(0, 7200, 10), ["21:05:48Z", "23:05:48Z"]),
        (steady(0, 86_400, 100), ["2026-08-09T21:05:48Z", "2026-08-10T21:05:48Z"]),
    ],
)
def test_times_are_as_exact_as_it_matters(frames: list[float], ends: list[str]) -> None:
    assert plot(activity(frames), 80, BLOCKS)[-1].split() == ends


@pytest.mark.parametrize(("frames", "gaps"), [([], []), ([], [1, 2]), ([1], []), ([1, 1, 1], [1, 5])])
def test_there_is_no_plot_without_a_rate(frames: list[float], gaps: list[float]) -> None:
    assert plot(activity(frames, gaps), 80, BLOCKS) == []


@pytest.mark.parametrize(
    ("encoding", "style"),
    [("utf-8", BLOCKS), ("UTF-8", BLOCKS), ("ascii", ASCII), ("iso8859-1", ASCII), (None, ASCII), ("no such", ASCII)],
)
def test_the_characters_are_those_that_the_encoding_has(encoding: str | None, style: object) -> None:
    assert style_for(encoding) == style


def test_ascii_is_ascii() -> None:
    assert "\n".join(plot(activity(steady(0, 60, 0.1), [10], [20]), 80, ASCII)).isascii()
