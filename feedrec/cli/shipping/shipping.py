"""The work of `feedrec ship`: what is in folders goes to a place, and the place is swept."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ...errors import FeedrecError, PlaceError, UsageError
from ...formats.file.names import counts_as_recording, is_journal, is_part, pending_path
from ...formats.places.opening import store_at
from ...formats.places.protection import Protection
from ...formats.places.url_path import UrlPath, place_of
from ...model import NANOSECONDS
from ...recorder.shipping.destination import Destination
from ...recorder.shipping.folder_content import FolderContent, look_into
from ...recorder.shipping.shipped_mark import remove_mark
from ...recorder.shipping.shipping_run import Order, Result, ship_all
from ...recorder.shipping.sweeping import check_can_sweep, sweep
from .. import output
from ..live.progress import reading
from ..signals import ending_between_steps
from ..terminal import LEVELS, coloured, echo_json, echo_problem, echo_prose
from .report import Totals, json_of, kind_of, lines_of

__all__ = ["Asked", "destination_of", "ship_and_report"]

_ALL_THERE, _FAILED, _LEFT = 0, 1, 3  # exit codes


class Asked(NamedTuple):
    """
    What is asked for.

    Attributes:
        keep: Seconds after which what was shipped is removed here; None if all stays.
        at_once: How many are shipped at the same time.
        with_pending: Whether recordings with which a recorder was not done are shipped too.
        sweep_age: Seconds after which what was left in the place is swept; None if nothing is.
        as_json: Whether a line of JSON is printed for each recording.

    """

    keep: float | None
    at_once: int
    with_pending: bool
    sweep_age: float | None
    as_json: bool


def destination_of(url: str, protection: Protection) -> Destination:
    """
    Return the place that is named.

    Raises:
        UsageError: If nothing can be shipped there.

    """
    place = place_of(url)
    to = Destination(place)
    to.store = store_at(to.place, protection)
    return to


def ship_and_report(paths: Sequence[Path], to: Destination, asked: Asked) -> int:
    """
    Ship what is in folders, and print what came of it; return the exit code.

    Raises:
        UsageError: If a path is a URL, or the place itself, or what is needed is not installed.
        FeedrecError: If a folder cannot be read, or the place cannot be swept.

    """
    if asked.sweep_age is not None:
        check_can_sweep(to)
    content, files = _content_of(paths, to)
    for path in content.marks:
        remove_mark(path)
    pending = content.pending if asked.with_pending else []
    keep = None if asked.keep is None else round(asked.keep * NANOSECONDS)
    order = Order(to, keep, asked.at_once, content.needed, frozenset(pending))
    begun, results = time.monotonic(), list[Result]()
    for result in _shipped([*content.finished, *pending], files, order):
        results.append(result)
        if asked.as_json:
            echo_json(json_of(result))
        if result.error is not None:
            echo_problem("error" if kind_of(result) != "later" else "warning", str(result.error))
    swept = None if asked.sweep_age is None else _swept(to, asked.sweep_age, as_json=asked.as_json)
    if not asked.as_json:
        left = len(content.pending) - len(pending)
        place = str(to.place)
        totals = Totals(place, results, time.monotonic() - begun, len(content.unfinished), left, swept)
        lines = [
            coloured(line, "NOT", LEVELS["error"]) if line.startswith("  NOT ") else line for line in lines_of(totals)
        ]
        echo_prose(*lines)
    sys.stdout.flush()
    return _code(results)


def _code(results: Sequence[Result]) -> int:
    """Return the exit code: where nothing at all came there, and no recording is to blame, the place is."""
    if all(one.error is None for one in results):
        return _ALL_THERE
    has_any = any(one.shipped is not None or kind_of(one) == "conflict" for one in results)
    return _LEFT if has_any else _FAILED


def _content_of(paths: Sequence[Path], to: Destination) -> tuple[FolderContent, dict[Path, Path]]:
    """Return all recordings of folders and files, and below which folder each has its key."""
    both, folder_of = FolderContent([], [], [], set(), []), dict[Path, Path]()
    for path in paths:
        if isinstance(path, UrlPath):
            raise UsageError(f"{path}: only what is on this machine is shipped; feedrec convert -o copies recordings")
        place = path.absolute()
        if place.is_dir():
            if not isinstance(to.place, UrlPath) and place.resolve() == to.place.resolve():
                raise UsageError(f"{path}: is where the recordings are shipped to")
            folder, content = place, look_into(place, None if isinstance(to.place, UrlPath) else to.place)
        else:
            folder, content = place.parent, _content_of_file(place)
        both = both.joined(content)
        folder_of |= dict.fromkeys((*content.finished, *content.pending), folder)
    return both, folder_of


def _content_of_file(path: Path) -> FolderContent:
    content = FolderContent([], [], [], set(), [])
    if is_part(path) or is_journal(path):
        content.unfinished.append(path)
    elif not counts_as_recording(path.name, ()):
        raise UsageError(f"{path}: is not named as a recording")
    else:
        (content.pending if pending_path(path).exists() else content.finished).append(path)
    return content


def _shipped(paths: Sequence[Path], folder_of: dict[Path, Path], order: Order) -> Iterator[Result]:
    """Ship recordings, with a line that says how far it has come; Ctrl-C ends it, and the next run goes on."""
    sizes = {path: _size(path) for path in paths}
    whole, done = sum(sizes.values()), 0
    what = f"shipping {output.count(len(paths), 'recording')}"
    with reading(what) as show, ending_between_steps() as end_if_noted:

        def between() -> None:
            end_if_noted()
            show(done, whole)

        for result in ship_all([(path, folder_of[path]) for path in sizes], order, between=between):
            done += sizes[result.path]
            yield result


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.lstat().st_size
    return 0


def _swept(to: Destination, age: float, *, as_json: bool) -> int:
    number = 0
    try:
        for one in sweep(to, round(age * NANOSECONDS)):
            number += 1
            if as_json:
                echo_json({"swept": to.url_of(one.key), "upload": one.is_upload})
    except PlaceError as error:
        raise FeedrecError(f"not swept: {error}") from error
    return number
