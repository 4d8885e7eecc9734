"""The page steers a replay that a client follows: by buttons, by a click on the timeline, and by keys alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .browser import PAINTED
from .conftest import Open
from .recordings import GAP, SECONDS
from .replays import Replay, replaying, subscribed
from .session import session


@pytest.fixture
def replay(recording: Path) -> Iterator[Replay]:
    with replaying(recording) as replay, subscribed(replay):
        yield replay


def times(speed: int) -> str:
    return f"{speed}\N{MULTIPLICATION SIGN}"


def position(page: Page) -> float:
    """Return where the playhead is, in seconds."""
    minutes, _, seconds = page.locator("#position").inner_text().partition(":")
    return int(minutes) * 60 + float(seconds)


def wait_for_position(page: Page, least: float, most: float) -> None:
    """Wait until the playhead is between two moments."""
    page.wait_for_function(
        """([least, most]) => {
            const [minutes, seconds] = document.getElementById("position").textContent.split(":").map(Number);
            const at = minutes * 60 + seconds;
            return at >= least && at <= most;
        }""",
        arg=[least, most],
    )


def click_at(page: Page, second: float) -> None:
    """Click the timeline, all of which is in view, at a moment."""
    chart = page.locator("#chart .u-over")
    box = chart.bounding_box()
    assert box is not None
    info = page.evaluate("async () => await (await fetch('api/info')).json()")
    begin, end = info["from_ms"] / 1000, info["duration_ms"] / 1000
    chart.click(position={"x": box["width"] * (second - begin) / (end - begin), "y": box["height"] / 2})


def test_it_plays_pauses_steps_and_changes_speed(replay: Replay, open_page: Open) -> None:
    page = open_page(replay.page)
    expect(page.locator("#state")).to_have_text("playing")
    wait_for_position(page, 0.5, SECONDS)
    page.wait_for_function(f"() => ({PAINTED})(document.getElementById('heatmap')) > 0.2")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#state")).to_have_text("paused")
    stood = position(page)
    page.get_by_role("button", name="Step").click()
    wait_for_position(page, stood + 0.001, stood + 1)
    page.get_by_role("button", name="Faster").click()
    expect(page.locator("#speed")).to_have_text(times(2))
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#state")).to_have_text("playing")
    wait_for_position(page, stood + 2, SECONDS)


def test_a_click_on_the_timeline_seeks_and_everything_shows_what_is_there(replay: Replay, open_page: Open) -> None:
    page = open_page(replay.page)
    expect(page.locator("#state")).to_have_text("playing")
    page.keyboard.press("Space")
    expect(page.locator("#state")).to_have_text("paused")
    click_at(page, 6)
    wait_for_position(page, 5.9, 6.1)
    expect(page.locator("#bids tr")).to_have_count(12)
    expect(page.locator("#asks tr")).to_have_count(12)
    expect(page.locator("#last")).to_have_text(re.compile(r"^\d+(\.\d+)?$"))
    expect(page.locator("#trade-rows tr").first).to_contain_text(re.compile("buy|sell"))
    first = page.locator("#frame-rows tr").first
    expect(first).to_contain_text(re.compile(r"17:02:0[56]\."))
    expect(page.locator("#client-rows tr")).to_contain_text("level2 BTC-USD, ETH-USD")


def test_a_gap_is_a_mark_that_leads_there(replay: Replay, open_page: Open) -> None:
    page = open_page(replay.page)
    summary = page.locator("#marks summary")
    expect(summary).to_contain_text("1 gap")
    expect(summary).to_contain_text("2 connection changes")
    expect(summary).to_contain_text("1 refused connection")
    page.keyboard.press("Space")
    expect(page.locator("#state")).to_have_text("paused")
    summary.click()
    page.locator("#mark-list .gap").click()
    wait_for_position(page, GAP - 0.01, GAP + 0.01)
    expect(page.locator("#frame-rows tr.event").first).to_contain_text("event gap")


def test_the_session_of_the_docs_goes_as_it_is_told(replay: Replay, open_page: Open) -> None:
    page = open_page(replay.page)
    expect(page.locator("#state")).to_have_text("playing")
    session(page, lambda _: None)


def test_all_of_it_goes_by_keys_alone(replay: Replay, open_page: Open) -> None:
    page = open_page(replay.page)
    expect(page.locator("#state")).to_have_text("playing")
    keys = page.keyboard
    keys.press("Space")
    expect(page.locator("#state")).to_have_text("paused")
    keys.press("5")
    wait_for_position(page, SECONDS / 2 - 1, SECONDS / 2 + 1)
    stood = position(page)
    keys.press("ArrowLeft")
    wait_for_position(page, stood - 5.01, stood - 4.99)
    keys.press("+")
    keys.press("+")
    expect(page.locator("#speed")).to_have_text(times(4))
    keys.press("-")
    expect(page.locator("#speed")).to_have_text(times(2))
    keys.press("Backspace")
    expect(page.locator("#speed")).to_have_text(times(1))
    keys.press(".")
    wait_for_position(page, stood - 4.999, stood - 4)
    keys.press("i")
    expect(page.locator("#span")).not_to_have_text(re.compile("^0:00 "))
    keys.press("a")
    expect(page.locator("#span")).to_have_text(re.compile("^0:00 . 0:30"))
    keys.press("?")
    expect(page.locator("#keys dl")).to_be_visible()


def test_the_focus_is_seen_and_keys_do_what_it_is_on(replay: Replay, open_page: Open) -> None:
    page = open_page(replay.page)
    expect(page.locator("#state")).to_have_text("playing")
    page.keyboard.press("Tab")
    expect(page.locator("#play")).to_be_focused()
    assert page.locator("#play").evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("Space")
    expect(page.locator("#state")).to_have_text("paused")
    page.locator("#filter-text").focus()
    page.keyboard.type("5 .+")
    expect(page.locator("#filter-text")).to_have_value("5 .+")
    expect(page.locator("#speed")).to_have_text(times(1))
    page.locator("#filter-text").fill("")
    page.locator("#frame-rows tr").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#frame-text")).to_contain_text('"channel": ')
    page.keyboard.press("Escape")
    expect(page.locator("#frame")).to_be_hidden()
    expect(page.locator("#frame-rows tr").nth(1)).to_be_focused()
