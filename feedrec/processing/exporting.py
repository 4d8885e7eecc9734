"""What recordings tell, as files of other tools: what each target writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ..errors import UsageError
from ..model import format_time
from .feed_rules import rules_for

if TYPE_CHECKING:
    from ..export.market_export import MarketExport
    from ..export.market_sink import MarketSink
    from ..export.wire.exporting import Reading, WireExport
    from ..formats import Selection
    from ..formats.file.modes import FileMode
    from ..formats.several.inputs import Input

__all__ = ["TARGETS", "Target", "begin_market", "market_facts", "refuse_options", "wire_facts", "wire_reading"]


class Target(NamedTuple):
    """
    A format.

    Attributes:
        is_folder: Whether it consists of several files, which go into a folder.
        options: The options that it takes, besides those that all take.

    """

    is_folder: bool
    options: frozenset[str] = frozenset()


TARGETS = {
    "hftbacktest": Target(True, frozenset(["fix_latency"])),
    "tardis-csv": Target(True, frozenset(["tables"])),
    "parquet-ticks": Target(True, frozenset(["tables"])),
    "pcapng": Target(False),
    "har": Target(False),
}

_NAMES = {"fix_latency": "--fix-latency", "tables": "--table"}


def refuse_options(to: str, options: dict[str, Any]) -> None:
    """
    Refuse an option that a target does not take.

    Raises:
        UsageError: If one was given.

    """
    for option, text in _NAMES.items():
        if options[option] and option not in TARGETS[to].options:
            takers = ", ".join(other for other, one in TARGETS.items() if option in one.options)
            raise UsageError(f"{text} is for --to {takers}: leave it out")


def begin_market(
    folder: Path,
    exchange: str,
    to: str,
    *,
    tables: Sequence[str] = (),
    fix_latency: bool = False,
    overwrite: bool = False,
    mode: FileMode,
) -> MarketSink:
    """
    Begin to write a format into a folder.

    Args:
        folder: The folder.
        exchange: The name of the venue, as tardis.dev has it.
        to: A target that is a folder.
        tables: Kinds of tables, where a target has several; none for all.
        fix_latency: With hftbacktest, see there.
        overwrite: Whether files may be replaced.
        mode: Who may read them.

    Raises:
        UsageError: If there is no such table.
        WriteError: If nothing can be written there.

    """
    if to == "hftbacktest":
        from ..export import hftbacktest

        return hftbacktest.begin(folder, exchange, fix_latency=fix_latency, overwrite=overwrite, mode=mode)
    if to == "parquet-ticks":
        from ..export import ticks

        return ticks.begin(folder, exchange, tables, overwrite=overwrite, mode=mode)
    from ..export import tardis

    return tardis.begin(folder, exchange, tables, overwrite=overwrite, mode=mode)


def market_facts(done: MarketExport) -> dict[str, Any]:
    """Return what was exported of the market, as a JSON object."""
    gaps = [
        {**msgspec.structs.asdict(gap), "start": format_time(gap.start), "end": format_time(gap.end)}
        for gap in done.gaps
    ]
    return {**msgspec.structs.asdict(done), "files": [msgspec.structs.asdict(one) for one in done.files], "gaps": gaps}


def wire_reading(inputs: Sequence[Input], selection: Selection, **more: Any) -> Reading:
    """Return how recordings of one endpoint are read for who looks at connections."""
    from ..export.wire.exporting import Reading

    rules = rules_for(inputs[0].header.endpoint)
    kept = msgspec.structs.replace(selection, keeps_events=True)
    return Reading(selection=kept, describe=rules.describe, describe_all=rules.describe_all, **more)


def wire_facts(done: WireExport) -> dict[str, Any]:
    """Return what was exported of connections, as a JSON object."""
    times = {name: getattr(done, name) for name in ("first_time", "last_time")}
    shown = {name: None if time is None else format_time(time) for name, time in times.items()}
    return {**msgspec.structs.asdict(done), **shown}
