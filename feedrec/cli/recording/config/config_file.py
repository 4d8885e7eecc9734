"""
A configuration: what stands above its tables is for all feeds, each table `[feeds.NAME]` is a feed.

Everything is checked before anything connects; each error is one line with the line and the key that it is about.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec
from click.core import ParameterSource

from ....errors import FeedrecError, UsageError
from ....feeds.connections.sharding import Shard
from ....recorder import Source
from ....spelling import did_you_mean
from ..feed_options import FEED_OPTIONS, FeedOptions
from ..options.credential_options import read_text
from ..options.faults import about, options_of
from .places import files_of, first_collision, has_own_names, why_unusable
from .table_values import TableReader, files_named_in
from .toml_lines import KeyPath, lines_of_keys
from .venue_limits import VenueUse, first_excess, use_of

__all__ = ["FEEDS", "ConfigFile", "FeedPlan", "defaults_of"]

FEEDS = "feeds"
"""The table that has the tables of the feeds."""

_LARGEST = 4 << 20  # bytes
_OWN_NAMES = "give each feed names of its own"
_NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")

Table = Mapping[str, Any]


class FeedPlan(msgspec.Struct, frozen=True):
    """
    What is to be recorded of one feed; two are equal if a run of one is as good as a run of the other.

    Attributes:
        name: Its name.
        options: Its options.
        source: What this machine records, found by them; nothing has been connected to.
        files: What the names of its files are made from; None for made up ones.
        use: What it takes of what its venue allows.
        identity: What a run depends on: the options, and digests of the files that these name. Where several machines
            share a feed, only the products that are of this one count.

    """

    name: str
    options: FeedOptions
    source: Source
    files: Path | None
    use: VenueUse
    identity: tuple[Any, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FeedPlan):
            return NotImplemented
        return (self.name, self.identity) == (other.name, other.identity)

    def __hash__(self) -> int:
        return hash(self.name)

    def collides(self, other: FeedPlan) -> bool:
        """Tell whether runs by both must not be on at once: they are too much for the venue, or for one file."""
        if first_excess({"one": self.use, "other": other.use}) is not None:
            return True
        if has_own_names(self.options.place) and has_own_names(other.options.place):
            return False
        return first_collision({"one": self.files, "other": other.files}) is not None


class ConfigFile:
    """
    The file of a configuration, which may be read again and again.

    Args:
        path: Its name. Relative paths in it are relative to its folder.
        command: `record`, whose options its keys are.
        defaults: Values of options by parameter name, where neither a table nor what stands above says anything.
        shard: Which of several machines this is, which are all told the same; None if there is one.

    Attributes:
        path: As given.
        shard: As given.

    """

    def __init__(
        self, path: Path, command: click.Command, defaults: Mapping[str, Any], shard: Shard | None = None
    ) -> None:
        self.path, self.shard = path, shard
        self._reader = TableReader(command, path.parent)
        self._defaults = defaults
        self._last: _Reading | None = None

    @property
    def everything(self) -> dict[str, tuple[FeedOptions, Source]]:
        """The feeds as all machines together record them, as of the last reading."""
        return {} if self._last is None else self._last.everything

    def read(self) -> dict[str, FeedPlan]:
        """
        Return the plans of the feeds by name, in the order of the file; without those of other machines alone.

        Raises:
            UsageError: If the file cannot be read, or anything in it is wrong.

        """
        text, _ = read_text(self.path, "configuration", _LARGEST)
        self._last = _Reading(self.path, text, self._reader, self._defaults, self.shard)
        return self._last.plans()

    def refuse_unusable(self, names: Iterable[str], plans: Mapping[str, FeedPlan]) -> None:
        """
        Make sure that runs of some feeds could begin where they are to write to.

        Args:
            names: The feeds.
            plans: What was read last.

        Raises:
            UsageError: If one could not.

        """
        for name in names:
            why = why_unusable(plans[name].options.place)
            if why is not None and self._last is not None:
                raise self._last.error(self._last.where(name, ["output"]), why, name)


class _Reading:
    """One reading of a configuration."""

    def __init__(
        self, path: Path, text: str, reader: TableReader, defaults: Mapping[str, Any], shard: Shard | None
    ) -> None:
        self._path, self._reader, self._shard = path, reader, shard
        self.everything: dict[str, tuple[FeedOptions, Source]] = {}
        self._files: dict[str, Path | None] = {}  # of everything
        text = text.removeprefix("\ufeff")
        self._data: dict[str, Any] = self._parse(text)
        self._lines: Mapping[KeyPath, int] = {}
        with contextlib.suppress(ValueError, RecursionError):  # of a later TOML: errors have no lines then
            self._lines = lines_of_keys(text)
        self._above = {key: value for key, value in self._data.items() if key != FEEDS}
        self._defaults = {**defaults, **reader.read(self._check_above(), lambda key, why: self.error((key,), why))}

    def plans(self) -> dict[str, FeedPlan]:
        """Return the plans of all feeds."""
        tables = self._data.get(FEEDS)
        if tables and not isinstance(tables, dict):
            raise self.error((FEEDS,), f"it is not a table: begin one, [{FEEDS}.NAME], for each feed")
        if not tables:
            text = f"it names no feed: begin a table [{FEEDS}.NAME] for each one"
            raise UsageError(f"{self._path}: {text}")
        planned = {name: self._plan(name, table) for name, table in tables.items()}
        plans = {name: plan for name, plan in planned.items() if plan is not None}
        for files in (self._files, {name: plan.files for name, plan in plans.items()}):
            collision = first_collision(files)
            if collision is not None:
                before, name = collision
                where = self.where(name, ["output"])
                raise self.error(where, f"{FEEDS}.{before} writes to files of the same name: {_OWN_NAMES}", name)
        excess = first_excess({name: plan.use for name, plan in plans.items()})
        if excess is not None:
            raise self.error(self.where(excess[0], ["channel", "connections"]), excess[1], excess[0])
        return plans

    def _plan(self, name: str, table: Any) -> FeedPlan | None:
        place = (FEEDS, name)
        if not _NAME.fullmatch(name):
            raise self.error(place, "a feed's name has up to 64 letters, digits and . _ - of ASCII")
        if not isinstance(table, dict):
            raise self.error(place, f"it is no option; a feed is a table [{FEEDS}.{name}]")
        values = self._reader.read(table, lambda key, why: self.error((*place, key), why))
        together = {**self._defaults, **values}
        try:
            with about("output"):
                options = FeedOptions.take(together)
                if options.place.output == "-":
                    raise UsageError("several feeds may be recorded, so none goes to stdout: name a file or a folder")
            source = options.source.find()._replace(shard=self._shard)
            self.everything[name] = options, source
            here = source.here(name)
            with about("connections", "product", "channel"):
                use = None if here is None else use_of(here, options.run.connections)
            with about("snapshot_on_rotate"):
                options.check(source.feed)
            with about("output"):
                self._files[name] = files_of(source, options.place)
                files = files_of(here or source, options.place)
        except FeedrecError as error:
            keys = options_of(error) if isinstance(error, UsageError) else []
            raise self.error(self.where(name, keys), str(error), name) from error
        if here is None or use is None:
            return None
        return FeedPlan(name, options, here, files, use, _identity(options, together, here))

    def _parse(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            position = _POSITION.search(str(error))
            line = int(position[1]) if position and position[1] else text.rstrip().count("\n") + 1
            raise UsageError(f"{self._path}:{line}: no TOML: {_POSITION.sub('', str(error))}") from error
        except RecursionError as error:
            raise UsageError(f"{self._path}: it is nested too deeply") from error

    def _check_above(self) -> Table:
        """Return what stands above the tables, unless there is a table that is none of a feed."""
        for key, value in self._above.items():
            if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
                hint = did_you_mean(key, [FEEDS])
                raise self.error((key,), f"there is no such table{hint or f'; that of a feed is [{FEEDS}.{key}]'}")
        return self._above

    def where(self, name: str, options: Iterable[str]) -> KeyPath:
        """Return where one of the options was given for a feed: in its table, or above; else the table itself."""
        tables: tuple[tuple[KeyPath, Table], ...] = (((FEEDS, name), self._data[FEEDS][name]), ((), self._above))
        for option in options:
            for place, table in tables:
                for key in table:
                    if key.replace("-", "_") == option.replace("-", "_"):
                        return (*place, key)
        return (FEEDS, name)

    def error(self, place: KeyPath, text: str, feed: str = "") -> UsageError:
        """Return the error for a place; what stands above may be wrong for one feed alone."""
        line = self._lines.get(place)
        where = f"{self._path}:{line}" if line else f"{self._path}"
        whose = f", for {FEEDS}.{feed}" if feed and len(place) == 1 else ""
        return UsageError(f"{where}: {'.'.join(place)}{whose}: {text}")


def _identity(options: FeedOptions, values: Mapping[str, Any], here: Source) -> tuple[Any, ...]:
    """Return what a run depends on; a change that concerns the products of other machines is none."""
    if here.shard is None:
        return (options, *map(_digest, files_named_in(values)))
    others = msgspec.structs.replace(options, source=msgspec.structs.replace(options.source, channels=(), products=()))
    named = files_named_in({**values, "channels": (), "products": ()})
    return (others, tuple(here.subscriptions), *map(_digest, named))


def _digest(path: Path) -> str:
    """Return what changes when a file that a feed names does; a file that is gone has none."""
    try:
        return f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError:
        return f"{path}"


def defaults_of(context: click.Context, values: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the values of the options of a feed where a configuration says nothing: from the environment, or the usual.

    Raises:
        UsageError: If one was given on the command line, of which nobody can tell whose it is.

    """
    given = [name for name in FEED_OPTIONS if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    options = [one.opts[-1] for one in context.command.params if one.name in given]
    if options:
        names = ", ".join(options)
        raise UsageError(f"with --config, write {names} into the file: in the table of a feed, or above for all feeds")
    return {name: value for name, value in values.items() if name in FEED_OPTIONS}
