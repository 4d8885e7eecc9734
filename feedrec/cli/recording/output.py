"""Where `feedrec record` writes: a file, a folder, stdout, a sequence of files, Parquet."""

from __future__ import annotations

import atexit
import contextlib
import fnmatch
import functools
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ...errors import RecordingError, RecordingExistsError
from ...model import NANOSECONDS, Header
from ..terminal import refuse_terminal
from .file_names import default_name, made_up_names, names_from

if TYPE_CHECKING:
    from ...formats.file.growing.growing_file import GrowingFile
    from ...formats.file.naming.file_naming import FileNaming
    from ...formats.file.rotation import RotateAfter
    from ...recorder import Source, Summary
    from ...recorder.output.file_chain import FileChain
    from ...recorder.output.writer_protocol import GrowingRecording
    from .options.files.hook_options import HookOptions
    from .options.files.output_options import OutputOptions
    from .options.files.ship_options import ShipOptions

__all__ = ["Output", "open_output"]

log = logging.getLogger("feedrec")

_MOST_NAMES = 5


class Output(NamedTuple):
    """The writer, and what is done with its finished files, if anything."""

    writer: GrowingRecording
    chain: FileChain | None = None

    def settle(self, summary: Summary, error: BaseException | None) -> tuple[Summary, BaseException | None]:
        """
        Wait for what is done with the last file, and find the names under which the recording is now.

        Args:
            summary: The summary of the run.
            error: What ended it early; None if nothing did.

        Returns:
            The summary with these names, and that error, or that of a Parquet file that could not be written.

        """
        if self.chain is not None:
            atexit.unregister(self.chain.give_up)
            try:
                self.chain.finish()
            except RecordingError as failed:
                error = error or failed
        shipping = None if self.chain is None else self.chain.shipping
        lost = self.writer.frames_lost
        files = [] if summary.path in {None, "-"} else _existing(self.writer.places)
        path = _named(files, str(self.writer.path)) if files else summary.path
        names = [str(file) for file in files]
        if lost and error is None:
            error = RecordingError(
                self.writer.path, f"{lost:,} frames are lost: a file was removed and could not be copied"
            )
        return msgspec.structs.replace(summary, path=path, lost=lost, files=names, shipping=shipping), error

    def let_go(self) -> None:
        """Wait for what is done with files that earlier runs have left; for a run that has recorded nothing itself."""
        if self.chain is None:
            return
        try:
            with contextlib.suppress(RecordingError):  # the log has it, and the next run goes on with it
                self.chain.finish()
        finally:
            atexit.unregister(self.chain.give_up)  # which else would keep all that this run knew


def _existing(places: Sequence[Path]) -> list[Path]:
    """Return the present names of files: a journal may have become Parquet meanwhile."""
    from ...formats.file.names import later_paths

    found = [[path for path in later_paths(place) if os.path.lexists(path)] for place in places]
    return list(dict.fromkeys(paths[-1] for paths in found if paths))


def _named(files: Sequence[Path], pattern: str) -> str:
    """Name files in a sentence: those of a rotation by their pattern, others one by one."""
    rotated = [file for file in files if "*" in pattern and fnmatch.fnmatchcase(str(file), pattern)]
    names = [str(file) for file in files if file not in rotated]
    if rotated:
        names.insert(0, pattern if len(rotated) > 1 else str(rotated[0]))
    if len(names) > _MOST_NAMES:
        names[_MOST_NAMES - 1 :] = [f"{len(names) - _MOST_NAMES + 1} more"]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def open_output(
    source: Source,
    options: OutputOptions,
    hooks: HookOptions | None = None,
    name: str = "",
    *,
    ship: ShipOptions | None = None,
) -> Output:
    """
    Start the recording.

    Args:
        source: What is recorded.
        options: Where.
        hooks: What is done with each finished file, if anything is.
        name: The name of the run; empty for that of its endpoint.
        ship: Where its files are shipped to, if anywhere.

    Raises:
        UsageError: If the name does not match any format.
        RecordingExistsError: If the file already exists.
        WriteError: If it cannot be created.

    """
    from ...formats.file.creating import recording_to
    from ...formats.file.stream_target import StreamTarget
    from ...formats.stream.plain import PlainEncoder
    from .finished_files import chain_for
    from .options.files.hook_options import HookOptions
    from .options.files.ship_options import ShipOptions

    hooks, ship, header = hooks or HookOptions(), ship or ShipOptions(), source.header()
    if options.mode is None:
        options = msgspec.structs.replace(options, mode=source.file_mode())
    hooks.check(header.endpoint, options.output)
    ship.check(options.output)
    chains = functools.partial(chain_for, header, options, hooks, ship, name)
    if options.output == "-":
        refuse_terminal()
        return Output(recording_to(StreamTarget(sys.stdout.buffer), header, PlainEncoder()))
    if (template := options.template) is not None:
        names = _Names(names_from(template, source), options.turning(template))
        return _open_files(names, header, source, options, chains)
    path = Path(options.output or ".")
    if not (os.path.isdir(path) or (options.output or "").endswith("/")):  # noqa: PTH112  Path.is_dir may raise
        return _open_files(_names_from(path, options), header, source, options, chains)
    return _open_in_folder(path, header, source, options, chains)


def _open_in_folder(
    path: Path, header: Header, source: Source, options: OutputOptions, chains: Callable[[FileNaming], FileChain]
) -> Output:
    number = 0
    while True:
        number += 1
        second = header.created // NANOSECONDS
        file = default_name(source.feed, source.subscriptions, second, number, options.suffix)
        unforced = msgspec.structs.replace(options, overwrite=False)
        with contextlib.suppress(RecordingExistsError):  # another recorder started in the same second
            names = _names_from(path / file, unforced)._replace(earlier=made_up_names(path, source, options.suffix))
            return _open_files(names, header, source, unforced, chains)


class _Names(NamedTuple):
    """The names of the files of a run, when a new one begins, and the names of earlier runs if they had others."""

    naming: FileNaming
    after: RotateAfter | None
    earlier: FileNaming | None = None


def _names_from(path: Path, options: OutputOptions) -> _Names:
    """Return the names that are made from one: it alone, or with numbers after those of earlier runs."""
    from ...formats.file.names import numbered_path
    from ...formats.file.naming.file_naming import NumberedNames, SingleName
    from ...formats.file.rotation import next_number

    if options.rotate is None:
        return _Names(SingleName(path), None)
    first = 1 if options.overwrite else next_number(path)
    if first > 1:
        log.info("continuing after earlier files, with %s", numbered_path(path, first).name)
    return _Names(NumberedNames(path, first), options.rotate)


def _open_files(
    names: _Names,
    header: Header,
    source: Source,
    options: OutputOptions,
    chains: Callable[[FileNaming], FileChain],
) -> Output:
    from ...feeds import rule_of
    from ...formats.file.growing.disk_rules import DiskRules
    from ...formats.file.growing.growing_file import begin_file
    from ...formats.file.modes import USUAL
    from ...formats.file.names import PARQUET_SUFFIX, journal_path
    from ...formats.file.rotation import RotatingWriter
    from .finished_files import LeftBehind

    naming, after, earlier = names
    chain = chains(naming)

    def create(target: Path, header: Header) -> GrowingFile:
        overwrite = options.overwrite and naming.may_replace(target)
        if target.suffix == PARQUET_SUFFIX:
            if os.path.lexists(target) and not overwrite:
                raise RecordingExistsError(target, "already exists: choose another name, or use --overwrite")
            target = journal_path(target)
        mode, rule = options.mode or USUAL, rule_of(source.feed)
        begin = functools.partial(begin_file, overwrite=overwrite, level=options.level, mode=mode, make_rule=rule)
        return chain.begin(target, functools.partial(begin, target, header))

    begin = functools.partial(
        RotatingWriter,
        naming,
        header,
        create,
        after,
        fsync_interval=options.fsync,
        rules=DiskRules(options.disk_patience, options.min_free or 0),
    )
    left = LeftBehind(naming, earlier)
    writer = begin(on_finished=chain.add)
    atexit.register(chain.give_up)  # if a signal ends us before anybody waits for it
    left.catch_up(chain, header.endpoint, overwrite=options.overwrite)
    chain.look_at_start(naming.folder)
    return Output(writer, chain)
