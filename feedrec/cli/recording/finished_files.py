"""What `feedrec record` does with each finished file, and with those that an earlier run has left to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...model import Header
    from ...recorder.output.file_chain import FileChain
    from .options.hook_options import HookOptions
    from .output import OutputOptions

__all__ = ["LeftBehind", "chain_for"]


def chain_for(header: Header, options: OutputOptions, hooks: HookOptions, name: str, suffix: str) -> FileChain:
    """
    Return the steps that each finished file goes through.

    Args:
        header: The header of the recording.
        options: How it is written.
        hooks: What else is done.
        name: The name of the run.
        suffix: The last suffix of its names, which tells Parquet from the others.

    """
    from ...formats.file.names import PARQUET_SUFFIX
    from ...recorder.output.checkpoint_finisher import CheckpointFinisher
    from ...recorder.output.parquet_finisher import ParquetFinisher

    chain = hooks.chain(header, name)
    if suffix == PARQUET_SUFFIX:
        chain.append(ParquetFinisher(overwrite=options.overwrite))
    elif options.checkpoints:
        chain.append(CheckpointFinisher())
    hooks.add_steps(chain)
    return chain


class LeftBehind:
    """
    What earlier runs have left to do; look before the first file is begun, which would be taken for theirs.

    Args:
        folder: Where the files are.
        depth: How many parts a name has below that folder.

    """

    def __init__(self, folder: Path, depth: int = 1) -> None:
        from ...recorder.output.parquet_finisher import leftover_journals
        from ...recorder.output.pending import marked_files

        self._marked = list(marked_files(folder, depth))
        self._journals = leftover_journals(folder)

    def catch_up(self, chain: FileChain, is_named_so: Callable[[Path], bool]) -> None:
        """
        Go on with it.

        Args:
            chain: The steps.
            is_named_so: Returns whether this recording gives a file such a name.

        """
        from ...formats.file.names import table_path
        from ...recorder.output.parquet_finisher import ParquetFinisher

        ours = chain.catch_up(self._marked, is_named_so)
        for step in chain.steps:
            if isinstance(step, ParquetFinisher):
                for journal in self._journals:
                    if table_path(journal) not in ours:
                        step.add_leftover(journal)
