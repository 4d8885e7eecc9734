"""The session of docs/player.md: what a person does on the page, and what is there then."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

__all__ = ["session"]


def session(page: Page, picture: Callable[[str], None]) -> None:
    """Pause, seek by a click on the timeline and to the gap, step, and go on four times as fast."""
    state, speed = page.locator("#state"), page.locator("#speed")
    page.keyboard.press("Space")
    expect(state).to_have_text("paused")
    page.locator("#chart .u-over").click(position={"x": 400, "y": 50})
    expect(page.locator("#depth-progress")).to_have_text("")
    picture("page")

    page.locator("#marks summary").click()
    page.locator("#mark-list .gap").click()
    expect(page.locator("#frame-rows tr").first).to_contain_text("event gap")
    page.get_by_role("button", name="Step").click()
    expect(page.locator("#frame-rows tr").first).not_to_contain_text("event gap")
    page.locator("#frame-rows tr").nth(1).click()
    expect(page.locator("#frame-text")).to_contain_text('"sequence_num"')
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(speed).to_have_text(re.compile("^4"))
    picture("page-at-a-gap")

    page.keyboard.press("Space")
    expect(state).to_have_text("playing")
