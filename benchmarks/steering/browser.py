"""A browser that shows a page, with low priority."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

__all__ = ["BROWSER", "browsing"]

BROWSER = shutil.which("chromium")
"""Where it is; None if it is not installed."""

_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--window-size=1280,1000",
    "--remote-debugging-port=0",
)
_PATIENCE = 60
"""Seconds after which a browser that shows nothing has failed."""


@contextlib.contextmanager
def browsing(url: str) -> Iterator[None]:
    """
    Have a browser show a page, which is there when the block begins, until its end.

    Raises:
        RuntimeError: If it does not.

    """
    with tempfile.TemporaryDirectory(prefix="feedrec-browser-", ignore_cleanup_errors=True) as profile:
        command = ["nice", "-n", "19", str(BROWSER), *_ARGUMENTS, f"--user-data-dir={profile}", url]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                _wait_for(url, Path(profile))
                yield
            finally:
                process.terminate()


def _wait_for(url: str, profile: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        time.sleep(0.2)
        with contextlib.suppress(OSError, IndexError):
            port = (profile / "DevToolsActivePort").read_text().split()[0]
            with urlopen(f"http://127.0.0.1:{port}/json") as answer:
                pages = json.load(answer)
            if any(page["url"] == url and page["title"] for page in pages):
                time.sleep(2)  # until it has drawn what there is
                return
    raise RuntimeError(f"the browser does not show {url}")
