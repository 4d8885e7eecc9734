"""What the page shows of a recording without a replay: at two widths, in light and dark, whatever is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from .browser import PAINTED, Scheme
from .conftest import Open
from .recordings import GAP
from .replays import replaying, subscribed, viewing


@pytest.fixture(scope="module")
def address(recording: Path) -> Iterator[str]:
    with viewing(recording) as address:
        yield address


BOXES = """sections => sections.map((one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect();
    return [left, top, right, bottom];
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800])
def test_everything_has_its_place(address: str, open_page: Open, width: int, scheme: Scheme) -> None:
    """Nothing is wider than the window, no section overlaps another one, and the colours are those of the scheme."""
    page = open_page(address, width, scheme)
    expect(page.locator("#frame-rows tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    boxes = page.locator("body > section").evaluate_all(BOXES)
    for place, (left, top, right, bottom) in enumerate(boxes):
        for other_left, other_top, other_right, other_bottom in boxes[:place]:
            assert right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top
    red = int(page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]"))
    assert (red > 200) == (scheme == "light")


def test_the_depth_is_painted_as_it_is_rebuilt(address: str, open_page: Open) -> None:
    page = open_page(address)
    page.wait_for_function(f"() => ({PAINTED})(document.getElementById('heatmap')) > 0.2")
    expect(page.locator("#depth-progress")).to_have_text("")


def test_the_cursor_of_the_page_plays_and_steps(address: str, open_page: Open) -> None:
    page = open_page(address)
    expect(page.locator("#state")).to_have_text("paused")
    page.keyboard.press("4")
    stood = page.locator("#position").inner_text()
    page.keyboard.press(".")
    expect(page.locator("#position")).not_to_have_text(stood)
    page.keyboard.press("Space")
    expect(page.locator("#state")).to_have_text("playing")
    page.keyboard.press("9")
    expect(page.locator("#state")).to_have_text("paused")  # at the end
    page.keyboard.press("8")
    expect(page.locator("#bids tr")).to_have_count(12)


def test_frames_are_filtered_and_turned_over(address: str, open_page: Open) -> None:
    page = open_page(address)
    rows = page.locator("#frame-rows tr")
    expect(rows).to_have_count(100)
    page.locator("#filter-channel").select_option("ticker")
    expect(rows.nth(99)).to_contain_text("ticker")
    expect(page.locator("#frame-rows tr", has_text="level2")).to_have_count(0)
    first = rows.first.inner_text()
    page.get_by_role("button", name="Later").click()
    expect(rows.first).not_to_have_text(first)
    page.get_by_role("button", name="Earlier").click()
    expect(rows.first).to_contain_text(first.split("\t")[0])
    page.locator("#filter-channel").select_option("")
    page.locator("#filter-kind").select_option("event")
    expect(page.locator("#frame-rows tr", has_text="event gap")).to_have_count(1)


def test_what_is_hostile_in_a_recording_is_text(address: str, open_page: Open) -> None:
    """In a payload, in the reason of a close, in the list of marks: all of it is seen, none of it does anything."""
    page = open_page(address)
    page.locator("#filter-text").fill("onerror")
    row = page.locator("#frame-rows tr", has_text='"channel":')
    expect(row).to_have_count(1)
    row.click()
    shown = page.locator("#frame-text")
    expect(shown).to_contain_text("<img src=x onerror=alert(1)>")
    expect(shown).to_contain_text("</pre><script>alert(2)</script>")
    expect(shown).to_contain_text("\\u202etxt.exe")
    page.locator("#marks summary").click()
    expect(page.locator("#mark-list")).to_contain_text("<img src=x onerror=alert(1)>")
    text = page.evaluate("document.body.textContent")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert page.locator("img, pre script, li script").count() == 0


def test_zooming_shows_less_and_the_marks_of_that(address: str, open_page: Open) -> None:
    page = open_page(address)
    expect(page.locator("#marks summary")).to_contain_text("1 gap, ")
    chart = page.locator("#chart .u-over")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * (GAP + 2) / 30, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (GAP + 4) / 30, box["y"] + 40, steps=5)
    page.mouse.up()
    expect(page.locator("#marks summary")).to_contain_text("No gap")
    page.mouse.wheel(0, 2000)
    page.get_by_role("button", name="All").click()
    expect(page.locator("#marks summary")).to_contain_text("1 gap, ")


def test_faults_of_a_replay_are_marks_as_they_come(recording: Path, open_page: Open) -> None:
    with replaying(recording, "--fault", "drop=5%:level2", "--seed", 7) as replay, subscribed(replay):
        page = open_page(replay.page)
        expect(page.locator("#facts")).to_contain_text("fault")
        expect(page.locator("#marks summary")).to_contain_text("fault")
        page.locator("#marks summary").click()
        expect(page.locator("#mark-list .fault").first).to_be_visible()
        page.close()


def test_of_two_clients_one_is_steered(recording: Path, open_page: Open) -> None:
    with replaying(recording, "--clock", "each") as replay, subscribed(replay), subscribed(replay):
        page = open_page(replay.page)
        page.locator("#steered").select_option("2")
        page.get_by_role("button", name="Pause").click()
        expect(page.locator("#state")).to_have_text("paused")
        expect(page.locator("#client-rows tr").first).to_contain_text("playing")
        expect(page.locator("#client-rows tr").last).to_contain_text("paused")
        page.get_by_role("button", name="Play").click()
        expect(page.locator("#client-rows tr").last).to_contain_text("playing")
        page.close()


def test_the_policy_of_the_page_forbids_what_is_not_ours(address: str, browser: Browser) -> None:
    """A picture of elsewhere is not asked for, a script in the page does not run: and the tests would hear of it."""
    with browser.new_context() as context:
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(address)
        page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "window.ran = true";
                const picture = document.createElement("img");
                picture.src = "http://127.0.0.2:9/x.png";
                document.body.append(script, picture);
            }"""
        )
        assert page.evaluate("window.ran") is None
        page.wait_for_function("() => true")
        assert sum("Content Security Policy" in line for line in said) == 2
