"""A browser that asks nobody but the server under test, and what went wrong in it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebSocket,
    expect,
    sync_playwright,
)

from ..timing import HANG_TIMEOUT

__all__ = ["PAINTED", "Scheme", "Visit", "running_browser"]

Scheme = Literal["light", "dark"]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
]
PAINTED = """canvas => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width - 90, canvas.height - 30).data;
    return pixels.filter((value, place) => place % 4 === 3 && value > 0).length / (pixels.length / 4);
}"""
"""How much of a canvas, but for its margins, has a colour: a function of JavaScript."""

_OF_A_SERVER_THAT_IS_GONE = ("net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_RESET", "net::ERR_EMPTY_RESPONSE")


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """Run chromium without a window."""
    path = shutil.which("chromium")
    assert path is not None, "chromium is not installed: make test-page says how"
    expect.set_options(timeout=HANG_TIMEOUT * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class Visit:
    """
    A page that is open, and what it did that it must not do.

    Args:
        context: Where it is opened.
        url: Its address.

    Attributes:
        page: The page.
        wrong: What went wrong so far, for people.
        may_lose_server: Whether the server may go away while it is open.

    """

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.wrong: list[str] = []
        self.may_lose_server = False
        self._host = urlsplit(url).netloc
        self.page.set_default_timeout(HANG_TIMEOUT * 1000)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"an error that nobody caught: {error}"))
        self.page.on("request", self._on_request)
        self.page.on("websocket", self._on_request)
        self.page.on("dialog", lambda dialog: self.wrong.append(f"a dialog: {dialog.message}"))
        self.page.goto(url)

    def _on_console(self, message: ConsoleMessage) -> None:
        lost = any(word in message.text for word in _OF_A_SERVER_THAT_IS_GONE)
        if message.type == "error" and not (lost and self.may_lose_server):
            self.wrong.append(f"{message.text} ({message.location})")

    def _on_request(self, request: Request | WebSocket) -> None:
        if urlsplit(request.url).netloc != self._host:
            self.wrong.append(f"asked elsewhere: {request.url}")
