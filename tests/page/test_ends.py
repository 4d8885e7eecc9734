"""The page goes on where it was: after a reload, at the replay's end, and when the server is gone and comes back."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from .conftest import Open
from .replays import free_port, replaying, subscribed

TOKEN = "0123456789-abcdef"


def test_a_reload_shows_the_same(recording: Path, open_page: Open) -> None:
    with replaying(recording) as replay, subscribed(replay):
        page = open_page(replay.page)
        expect(page.locator("#state")).to_have_text("playing")
        page.keyboard.press("Space")
        expect(page.locator("#state")).to_have_text("paused")
        page.keyboard.press("i")
        page.get_by_label("Product").first.select_option("ETH-USD")
        span, at = page.locator("#span").inner_text(), page.locator("#position").inner_text()
        page.reload()
        expect(page.locator("#state")).to_have_text("paused")
        expect(page.locator("#span")).to_have_text(span)
        expect(page.locator("#product")).to_have_value("ETH-USD")
        expect(page.locator("#position")).to_have_text(at)
        page.close()


def test_it_says_that_the_replay_has_ended_and_stays_of_use(recording: Path, open_page: Open) -> None:
    with replaying(recording, "--speed", 200) as replay, subscribed(replay):
        page = open_page(replay.page)
        expect(page.locator("#state")).to_have_text("ended")
        page.locator("#frame-rows tr").first.click()
        expect(page.locator("#frame-text")).not_to_be_empty()
        page.close()


def test_it_says_that_the_server_is_gone_and_notices_that_it_is_back(recording: Path, open_page: Open) -> None:
    port = free_port()
    with replaying(recording, port=port) as replay:
        page = open_page(replay.page, may_lose_server=True)
        expect(page.locator("#state")).to_have_text("waiting")
    expect(page.locator("#notice")).to_have_text(re.compile("the server is gone"))
    expect(page.locator("#state")).to_have_text("gone")
    with replaying(recording, port=port) as replay, subscribed(replay):
        expect(page.locator("#notice")).to_be_hidden()
        expect(page.locator("#state")).to_have_text("playing")
        page.close()


def test_a_token_leaves_the_address_bar_and_goes_with_each_question(recording: Path, open_page: Open) -> None:
    with replaying(recording, "--control-token", TOKEN) as replay, subscribed(replay):
        page = open_page(f"{replay.page}?token={TOKEN}")
        expect(page.locator("#state")).to_have_text("playing")
        assert TOKEN not in page.url
        page.get_by_role("button", name="Pause").click()
        expect(page.locator("#state")).to_have_text("paused")
        page.locator("#frame-rows tr").first.click()
        expect(page.locator("#frame-text")).not_to_be_empty()
        page.close()
