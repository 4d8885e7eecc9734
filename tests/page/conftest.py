"""A browser, recordings in which much happens, and replays of them with a client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from .browser import Scheme, Visit, running_browser
from .recordings import write_eventful

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_eventful(tmp_path_factory.mktemp("recorded") / "eventful.jsonl.zst")


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Give what opens a page; in the end nothing may have gone wrong on any of them."""
    visits: list[Visit] = []
    contexts = []

    def open_one(url: str, width: int = 1280, scheme: Scheme = "light", *, may_lose_server: bool = False) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)
        contexts.append(context)
        visits.append(Visit(context, url))
        visits[-1].may_lose_server = may_lose_server
        return visits[-1].page

    yield open_one
    for context in contexts:
        context.close()
    assert [wrong for visit in visits for wrong in visit.wrong] == []
