"""What `feedrec record` does with each finished file, and with those that an earlier run has left to do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...formats.file.naming.file_naming import FileNaming
    from ...model import Header
    from ...recorder.output.file_chain import FileChain
    from .options.files.hook_options import HookOptions
    from .options.files.output_options import OutputOptions
    from .options.files.ship_options import ShipOptions

__all__ = ["LeftBehind", "chain_for"]

_JUST_BEGUN = 1_000_000_000  # nanoseconds within which the file of another recorder has its lock, and its header


def chain_for(
    header: Header, options: OutputOptions, hooks: HookOptions, ship: ShipOptions, name: str, naming: FileNaming
) -> FileChain:
    """
    Return the steps that each finished file goes through.

    Args:
        header: The header of the recording.
        options: How it is written.
        hooks: What else is done.
        ship: Where they are shipped to.
        name: The name of the run.
        naming: How its files are named, which tells Parquet from the others.

    """
    from ...formats.file.names import PARQUET_SUFFIX
    from ...recorder.keeping.feed_key import key_of
    from ...recorder.keeping.retention import Retention
    from ...recorder.output.checkpoint_finisher import CheckpointFinisher
    from ...recorder.output.parquet_finisher import ParquetFinisher
    from .options.files.keep_options import joined_keeps

    chain = hooks.chain(header, name, marks=ship.ship is not None)
    if naming.pattern.suffix == PARQUET_SUFFIX:
        chain.append(ParquetFinisher(overwrite=options.overwrite))
    elif options.checkpoints:
        chain.append(CheckpointFinisher())
    is_shipped = ship.add_step(chain, naming)
    hooks.add_steps(chain)
    if (keep := joined_keeps([*options.keep, *ship.kept])) is not None:
        chain.end_with(Retention(naming, key_of(header), keep, is_shipped=is_shipped))
    return chain


class LeftBehind:
    """
    What earlier runs have left to do; look before the first file is begun, which would be taken for theirs.

    Args:
        naming: How the files are named.
        earlier: How earlier runs named theirs, if otherwise.

    """

    def __init__(self, naming: FileNaming, earlier: FileNaming | None = None) -> None:
        from ...formats.file.names import is_journal
        from ...formats.file.naming.file_naming import SingleName
        from ...recorder.keeping.leftovers import left_over, remove_unbegun
        from ...recorder.output.parquet_finisher import leftover_journals
        from ...recorder.output.pending import marked_files

        self._marked = list(marked_files(naming.folder, naming.depth))
        self._namings = [naming, *([] if earlier is None else [earlier])]
        several = [one for one in self._namings if not isinstance(one, SingleName)]
        for one in several:
            remove_unbegun(one, time.time_ns() - _JUST_BEGUN)
        looks = [left_over(one) for one in several]
        found = [path for one in looks for path in one.free]
        self._unfinished = [path for path in found if not is_journal(path)]
        self._locked = [path for one in looks for path in one.locked if not is_journal(path)]
        self._journals = list(dict.fromkeys([*filter(is_journal, found), *leftover_journals(naming.folder)]))

    def catch_up(self, chain: FileChain, endpoint: str, *, overwrite: bool) -> None:
        """
        Go on with it.

        Args:
            chain: The steps.
            endpoint: The endpoint that is recorded.
            overwrite: Whether files of earlier runs are to be replaced, and not finished; journals are, all the same.

        """
        from ...formats.file.names import table_path
        from ...recorder.keeping.leftovers import LeftoverFinisher
        from ...recorder.output.parquet_finisher import ParquetFinisher

        ours = chain.catch_up(self._marked, self._is_named_so)
        journals = [one for one in self._journals if table_path(one) not in ours]
        for step in chain.steps:
            if isinstance(step, ParquetFinisher):
                for journal in journals:
                    if not self._is_named_so(table_path(journal)) or chain.take(journal):
                        step.add_leftover(journal)
        if (self._unfinished or self._locked) and not overwrite:
            finisher = LeftoverFinisher(endpoint)
            chain.begin_with(finisher)
            for path in self._unfinished:
                finisher.add(path)
            for path in self._locked:
                finisher.add_locked(path)

    def _is_named_so(self, path: Path) -> bool:
        return any(naming.place_of(path) is not None for naming in self._namings)
