"""
What a browser gets before it asks anything: the files of the page, and what it may do with them.

The files are found once, in the package. What a client asks for is a name among theirs, and never a path.
"""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from ...http_messages import TEXT, Headers, HttpAnswer

__all__ = ["ALLOWED", "INDEX", "static_answer", "static_names"]

INDEX = "index.html"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    "LICENSE": TEXT,
}

ALLOWED = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may do (Content-Security-Policy, W3C)."""

_HEADERS: Headers = (
    ("content-security-policy", ALLOWED),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-cache"),
)


@functools.cache
def static_names() -> dict[str, tuple[Traversable, str]]:
    """Return the files of the page by their names, such as `style.css`, each with its content type."""
    folder = importlib.resources.files(__package__ or "feedrec.replay.page") / "static"
    return dict(_found_in(folder, ""))


def static_answer(name: str) -> HttpAnswer | None:
    """Return the file of a name; None if there is none."""
    found = static_names().get(name)
    if found is None:
        return None
    file, content_type = found
    return HttpAnswer(200, file.read_bytes(), content_type, _HEADERS)


def _found_in(folder: Traversable, before: str) -> Iterator[tuple[str, tuple[Traversable, str]]]:
    for one in folder.iterdir():
        suffix = PurePosixPath(one.name).suffix or one.name
        if one.is_dir():
            yield from _found_in(one, f"{before}{one.name}/")
        elif suffix in _TYPES:
            yield f"{before}{one.name}", (one, _TYPES[suffix])
