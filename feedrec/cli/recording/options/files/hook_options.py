"""Options of `feedrec record` that say what is done with each finished file."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import click
import msgspec

from .....errors import UsageError
from ....options import DURATION, all_options
from ..command_type import CommandType
from ..credential_options import secret_variables

if TYPE_CHECKING:
    from .....model import Header
    from .....recorder.commands.command import Command
    from .....recorder.output.file_chain import FileChain

__all__ = ["HookOptions", "hook_options"]

_NICENESS = 10


def _placeholders() -> Collection[str]:
    from .....recorder.output.finished_file import FILE_PLACEHOLDERS

    return FILE_PLACEHOLDERS


hook_options = all_options(
    click.option(
        "--on-rotate",
        metavar="CMD",
        type=CommandType(_placeholders),
        help="Run this for each finished file, without a shell; {path}, {name}, {folder}, {frames} and others stand "
        "for what it is, and stdin has all of them as JSON.",
    ),
    click.option(
        "--on-rotate-timeout",
        type=DURATION,
        default="10m",
        show_default=True,
        help="End the command of --on-rotate when it takes longer, and run it again later.",
    ),
    click.option(
        "--snapshot-on-rotate",
        is_flag=True,
        help="Begin each file with the books as the one before has left them, so that it replays by itself.",
    ),
)
"""Adds the options of `HookOptions`."""


class HookOptions(msgspec.Struct, frozen=True):
    """
    The values of the options.

    Attributes:
        on_rotate: The command that is run for each finished file; None for none.
        on_rotate_timeout: Seconds that it may take.
        snapshot_on_rotate: Whether each file begins with the state that the one before has led to.

    """

    on_rotate: Command | None = None
    on_rotate_timeout: float = 600.0
    snapshot_on_rotate: bool = False

    @property
    def has_any(self) -> bool:
        """Whether something must be done with finished files."""
        return self.on_rotate is not None or self.snapshot_on_rotate

    def check(self, endpoint: str, output: str | None) -> None:
        """
        Refuse what cannot be done with the files of a recording.

        Args:
            endpoint: What is recorded.
            output: Where to.

        Raises:
            UsageError: If there is no file, or files are to begin with a state that the endpoint does not have.

        """
        if self.has_any and output == "-":
            raise UsageError("-o - writes no file: leave out --on-rotate and --snapshot-on-rotate, or name a file")
        if not self.snapshot_on_rotate:
            return
        from .....feeds import venue_of
        from .....feeds.state.new_state import new_state

        venue = venue_of(endpoint)
        if venue is None or new_state(venue, None) is None:
            raise UsageError(f"endpoint {endpoint!r} has no market state to rebuild: leave out --snapshot-on-rotate")

    @property
    def said(self) -> str:
        """What is done with a finished file, in a few words; not with what arguments, which may be secret."""
        texts = ["it begins with the books as the one before has left them"] if self.snapshot_on_rotate else []
        texts += [f"{self.on_rotate.words[0]} is run"] if self.on_rotate is not None else []
        return ", then ".join(texts)

    def chain(self, header: Header, name: str = "", *, marks: bool = False) -> FileChain:
        """
        Return what is done with finished files before what their format asks for; `add_steps` adds what comes after.

        Args:
            header: The header of the recording.
            name: The name of the run; empty for that of its endpoint.
            marks: Whether something must be done besides what these options ask for.

        """
        from .....recorder.output.file_chain import FileChain

        chain = FileChain(header, name or header.endpoint, marks=marks or self.has_any)
        if self.snapshot_on_rotate:
            from .....recorder.output.snapshot_finisher import SnapshotFinisher

            chain.append(SnapshotFinisher(chain.before, chain.is_followed))
        return chain

    def add_steps(self, chain: FileChain) -> None:
        """Add what the options ask for, after the steps that the format asks for."""
        if self.on_rotate is None:
            return
        from .....recorder.commands.runner import CommandRunner
        from .....recorder.output.command_finisher import CommandFinisher

        limit = self.on_rotate_timeout
        runner = CommandRunner("on-rotate", self.on_rotate, limit, withheld=secret_variables(), niceness=_NICENESS)
        chain.append(CommandFinisher(runner, chain.told, chain.is_wanted))
