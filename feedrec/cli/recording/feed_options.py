"""
The options of `feedrec record`: those of one feed, and those of the process, which may record several.

An option whose parameter is named as a field of a part of `FeedOptions` is of the feed, and a key of its table in a
configuration; all others are fields of `ProcessOptions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from ...errors import UsageError
from ...recorder.session.run_options import Limits, RunOptions
from .options.files.hook_options import HookOptions
from .options.files.output_options import OutputOptions
from .options.files.ship_options import ShipOptions
from .options.listen_place import ListenPlace
from .options.serve_options import ServeOptions
from .options.shard_options import read_shard
from .source import SourceOptions

if TYPE_CHECKING:
    from ...feeds import Feed
    from ...feeds.connections.sharding import Shard
    from ...recorder.commands.command import Command

__all__ = ["FEED_OPTIONS", "FeedOptions", "LossOptions", "ProcessOptions"]


class LossOptions(msgspec.Struct, frozen=True):
    """
    What makes a run one with loss, which exits with 3.

    Attributes:
        fail_on_gap: A gap in the venue's sequence numbers.
        strict: Anything that was asked for and that the venue did not accept.

    """

    fail_on_gap: bool = False
    strict: bool = False


class FeedOptions(msgspec.Struct, frozen=True):
    """
    The options of one feed.

    Attributes:
        source: What to record.
        place: Where to write it.
        hooks: What is done with finished files.
        ship: Where they are shipped to.
        limits: When to stop.
        run: How to treat its connections.
        loss: What counts as loss.

    """

    source: SourceOptions
    place: OutputOptions
    hooks: HookOptions = HookOptions()
    ship: ShipOptions = ShipOptions()
    limits: Limits = Limits()
    run: RunOptions = RunOptions()
    loss: LossOptions = LossOptions()

    @classmethod
    def take(cls, values: Mapping[str, Any]) -> Self:
        """
        Make the options from values by parameter name, of which others may be among them.

        Raises:
            UsageError: If some cannot be combined.

        """
        values = _made(ShipOptions, values).completed(values)
        parts: dict[str, Any] = {part: _made(kind, values) for part, kind in _PARTS.items()}
        return cls(**parts)

    def check(self, feed: Feed) -> None:
        """
        Refuse what cannot be done with what a feed sends.

        Raises:
            UsageError: If it has no state for the beginning of files, or nothing that could be verified, and should.

        """
        self.hooks.check(feed.name, self.place.output)
        self.ship.check(self.place.output)
        if self.run.verify_books:
            from ...recorder.checking.book_checks import checks_of

            checks_of(feed)


_Part = TypeVar("_Part", bound=msgspec.Struct)


def _made(kind: type[_Part], values: Mapping[str, Any]) -> _Part:
    return kind(**{name: values[name] for name in kind.__struct_fields__ if name in values})


_PARTS: dict[str, type[msgspec.Struct]] = {
    "source": SourceOptions,
    "place": OutputOptions,
    "hooks": HookOptions,
    "ship": ShipOptions,
    "limits": Limits,
    "run": RunOptions,
    "loss": LossOptions,
}

FEED_OPTIONS = frozenset(name for kind in _PARTS.values() for name in kind.__struct_fields__)
"""The parameter names that are of one feed."""


class ProcessOptions(msgspec.Struct, frozen=True):
    """
    The options of the process.

    Attributes:
        config: The file that says which feeds to record; None if the other options do.
        check: Whether to print what would be recorded, and record nothing.
        as_json: Whether to print the summary as JSON.
        alert: A command to run when somebody should know something at once; None for none.
        alert_timeout: Seconds that it may take.
        metrics: Where to serve metrics; None for nowhere.
        allow_hosts: Names by which they, and what is served, may be asked for.
        serving: What is served live.
        shard: Which of several machines this is, as a person writes it; None if there is one.
        replicas: On how many of them each product is; None for one.

    """

    config: Path | None = None
    check: bool = False
    as_json: bool = False
    alert: Command | None = None
    alert_timeout: float = 30.0
    metrics: ListenPlace | None = None
    allow_hosts: tuple[str, ...] = ()
    serving: ServeOptions = ServeOptions()
    shard: str | None = None
    replicas: int | None = None

    def __post_init__(self) -> None:
        """Refuse options that cannot be combined."""
        if self.allow_hosts and self.metrics is None and self.serving.serve is None:
            raise UsageError(
                "--allow-host says by which names --metrics and --serve are asked: add one of them, or leave it out"
            )
        read_shard(self.shard, self.replicas)

    @property
    def machine(self) -> Shard | None:
        """Which of several machines this is; None if there is one."""
        return read_shard(self.shard, self.replicas)

    @property
    def is_watched(self) -> bool:
        """Whether anybody wants to know how the runs are."""
        return self.metrics is not None or self.alert is not None

    @classmethod
    def take(cls, values: Mapping[str, Any]) -> Self:
        """Make the options from the values of all parameters of the command."""
        own = {name: value for name, value in values.items() if name not in FEED_OPTIONS}
        serving = ServeOptions(**{name: own.pop(name) for name in ServeOptions.__struct_fields__ if name in own})
        return cls(serving=serving, **own)

    def check_metrics(self) -> None:
        """
        Refuse metrics that could not be served.

        Raises:
            UsageError: If the package for them is not installed, or a host's name is none.

        """
        from ...admission.allowed_hosts import parse_host_name

        if self.metrics is not None:
            from ...recorder.watching import exposition

            del exposition  # it is there
        for name in self.allow_hosts:
            parse_host_name(name)

    def refuse_for(self, options: FeedOptions) -> None:
        """
        Refuse what cannot be combined with the options of a feed.

        Raises:
            UsageError: If both would write to stdout.

        """
        if options.place.output == "-" and self.as_json:
            raise UsageError("--json and -o - both write to stdout: use only one of them")
