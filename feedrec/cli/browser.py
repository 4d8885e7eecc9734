"""A page in the user's browser."""

from __future__ import annotations

import os
import sys

__all__ = ["has_display", "open_page"]


def has_display() -> bool:
    """Return whether there is a screen: without one, some text browser in this very terminal would be started."""
    is_unix = sys.platform not in ("darwin", "win32")
    return not is_unix or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def open_page(url: str) -> bool:
    """Open a page in the browser of the user; return whether there was one."""
    import asyncio
    import webbrowser

    if not has_display():
        return False
    return await asyncio.to_thread(webbrowser.open, url)
