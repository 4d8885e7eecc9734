"""
Make the pictures of docs/player.md: `make docs-screens`, which has a browser.

A recording of five minutes is made as the demo's is, with a gap and a lost connection, and replayed to a client; the
session of the docs is gone through in the light, then in the dark.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import get_args

from feedrec.model import NANOSECONDS
from scripts import make_demo_recording
from tests.page.browser import Scheme, Visit, running_browser
from tests.page.recordings import write_eventful
from tests.page.replays import replaying, subscribed
from tests.page.session import session

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
MINUTES = 5
WANTED = {("page", "light"), ("page-at-a-gap", "dark")}
SIZE = {"width": 1280, "height": 1010}


def make_recording(folder: Path) -> Path:
    """Return a recording of five minutes in which much happens."""
    plain = folder / "plain.jsonl.zst"
    make_demo_recording.CLOSED = make_demo_recording.OPENED + MINUTES * 60 * NANOSECONDS
    sys.argv[1:] = [str(plain)]
    make_demo_recording.main()
    return write_eventful(folder / "today.jsonl.zst", plain, stretch=10)


def take(visit: Visit, scheme: str, name: str) -> None:
    """Take a picture of what is in view, once everything has come that was asked for, if it is one of the docs'."""
    if (name, scheme) not in WANTED:
        return
    visit.page.wait_for_timeout(1500)
    visit.page.mouse.move(0, 0)
    path = PICTURES / f"{name}.png"
    visit.page.screenshot(path=path, animations="disabled")
    print(f"{path}: {path.stat().st_size:,} bytes")


def main() -> None:
    """Make them."""
    PICTURES.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="feedrec-pictures-")))
        recording, schemes = make_recording(folder), get_args(Scheme)
        replays = [stack.enter_context(replaying(recording)) for _ in schemes]
        os.nice(15)  # from here on: a browser that starts would make frames late
        browser = stack.enter_context(running_browser())
        for scheme, replay in zip(schemes, replays, strict=True):
            with subscribed(replay):
                visit = Visit(browser.new_context(viewport=SIZE, color_scheme=scheme), replay.page)
                visit.page.locator("#state", has_text="playing").wait_for()
                session(visit.page, partial(take, visit, scheme))
                visit.page.close()
                assert visit.wrong == [], visit.wrong


if __name__ == "__main__":
    main()
