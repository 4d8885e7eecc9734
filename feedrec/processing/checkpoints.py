"""The checkpoints beside recordings, for the commands that write, count and check them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FeedrecError, PlaceError

if TYPE_CHECKING:
    from ..feeds.state.dumped_state import DumpRules
    from ..formats.tools.convert import Conversion
    from ..formats.tools.verify import Verification

__all__ = ["add_check", "count_beside", "write_beside"]

log = logging.getLogger("feedrec")


def write_beside(result: Conversion, endpoint: str, options: Mapping[str, Any], on_read: Callable[[], object]) -> None:
    """Write the checkpoints that are due in new recordings, unless `no_checkpoints` is set; a failure is logged."""
    from ..formats.checkpoints.source import LEAST_TEXT
    from ..formats.file.names import ZSTD_SUFFIX

    paths = [path for path in result.paths if path.name.endswith(ZSTD_SUFFIX)]
    if options["no_checkpoints"] or result.text_size <= LEAST_TEXT or not paths:
        return
    from ..formats.checkpoints.making import make_checkpoints

    rules = _rules_for(endpoint)
    if rules is None:
        return
    for path in paths:
        try:
            result.checkpoints += make_checkpoints(path, rules, on_read=on_read)
        except (FeedrecError, OSError) as error:
            log.warning("%s has no checkpoints: %s", path.name, error)


def count_beside(path: Path, endpoint: str) -> int:
    """Return how many checkpoints there are beside a recording that can be used."""
    if not _has_any(path):
        return 0
    from ..formats.checkpoints.checking import count_checkpoints

    rules = _rules_for(endpoint)
    return 0 if rules is None else count_checkpoints(path, rules.kind)


def add_check(result: Verification) -> None:
    """Check the checkpoints beside a recording in which nothing else is wrong, and add what is found."""
    if not _has_any(result.path) or not result.is_good or result.is_live:
        return
    from ..formats import open_recording
    from ..formats.checkpoints.checking import check_checkpoints

    with open_recording(result.path) as recording:
        rules = _rules_for(recording.header.endpoint)
    if rules is None:
        return
    report = check_checkpoints(result.path, rules)
    if report.problem:
        result.add("checkpoints", f"{report.problem}; without them, all is well: remove the file")
    elif report.note:
        result.notes.append(f"its checkpoints are not used: {report.note}")


def _has_any(path: Path) -> bool:
    from ..formats.file.names import state_path
    from ..formats.places.url_path import is_there, without_links

    try:
        return is_there(state_path(without_links(path)), as_listed=True)
    except PlaceError:  # a store that lets nobody list says of what is missing that it is forbidden
        return False


def _rules_for(endpoint: str) -> DumpRules | None:
    from ..feeds import venue_of
    from ..feeds.state.dumped_state import dump_rules

    return dump_rules(venue_of(endpoint))
