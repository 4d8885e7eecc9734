"""A feed that is recorded: clients reach the live endpoint through a recording proxy."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from ...errors import RecordingExistsError, UsageError, WriteError
from ...feeds import rule_of
from ...feeds.channel_requests import ChannelRequest
from ...formats.file.growing.disk_rules import DiskRules
from ...formats.file.growing.growing_file import begin_file
from ...formats.file.lock import remove_state, rename_to_free_name
from ...formats.file.modes import PRIVATE
from ...formats.file.names import RECORDING_SUFFIXES, failed_path, part_path, untested_path
from ...formats.file.rotation import RotatingWriter
from ...formats.line.codec import decode_line
from ...formats.line.frame_run import FrameRun
from ...formats.line.http_events import exchange_of
from ...formats.line.index import Mark
from ...formats.stream.whole_block import WholeBlock
from ...model import Event, Record
from ...recorder import ProxyOptions, RecordingProxy, Source
from ...replay import ClientResult, Observer
from ...replay.dialogue.failure import DialogueFailure
from ...replay.faults.fault_log import FaultHit
from ...replay.results import Outcome
from ..loop_thread import LoopThread
from ..messages import ReplayClient, SentMessage
from ..observed_feed import ObservedFeed, is_told

__all__ = ["LiveFeed"]

__tracebackhide__ = is_told

_OUTCOMES: dict[object, Outcome] = {"venue": "finished", "client": "client left"}


class LiveFeed(ObservedFeed):
    """
    Stands in for a `FeedReplay` in a test that records.

    What a venue sends cannot be held up, so all that steers a replay is refused, but for what asks for what happens
    anyway: `resume` and `set_speed` do nothing.

    Args:
        path: The recording that is to be made.
        source: What clients reach through it.
        thread: The thread to run in.
        overwrite: Whether it may replace an older one.
        options: Those of the proxy.

    """

    def __init__(
        self,
        path: Path,
        source: Source,
        thread: LoopThread,
        *,
        overwrite: bool,
        options: ProxyOptions | None = None,
    ) -> None:
        super().__init__()
        self._path, self._untested, self._overwrite = path, untested_path(path), overwrite
        self._source = source
        self._thread = thread
        self._options = options or ProxyOptions()
        self._proxy: RecordingProxy | None = None

    def start(self) -> None:
        """
        Listen, and begin the recording under a name of its own; whoever calls this holds the lock of the recording.

        Raises:
            UsageError: If the name has no suffix of a recording.
            WriteError: If it cannot be written.
            ServeError: If there is no port.

        """
        if not self._path.name.endswith(RECORDING_SUFFIXES):
            raise UsageError(f"{self._path}: the name of a recording must end in {', '.join(RECORDING_SUFFIXES)}")
        try:
            for leftover in (self._untested, part_path(self._untested)):  # of a run that was killed
                leftover.unlink(missing_ok=True)
        except OSError as error:
            raise WriteError(self._untested, f"is in the way: {error.strerror}") from error
        source = self._source
        begin = functools.partial(begin_file, mode=PRIVATE, make_rule=rule_of(source.feed))
        tell = functools.partial(_tell, self._seen, source.feed.name)
        writer = _ToldWriter(tell, self._untested, source.header(), begin, rules=DiskRules())
        proxy = RecordingProxy(source, writer, self._options)
        self._thread.run(proxy.start())
        self._proxy = proxy
        self._url, self._urls = proxy.url, {source.feed.name: proxy.url}

    def end(self, *, has_passed: bool) -> None:
        """
        Finish the recording; it gets its name if the test has passed, else that of a failed one.

        Raises:
            FeedrecError: If it is not whole, or there is none.

        """
        proxy, self._proxy = self._proxy, None
        if proxy is None:
            return
        self._thread.run(proxy.close())
        summary = proxy.summary
        if summary is None or summary.path is None:
            if has_passed:
                raise proxy.failure or UsageError(f"{self._path} was not recorded: nothing connected to {self._url}")
            return
        is_whole = proxy.failure is None and not summary.lost
        try:
            self._name(keep=has_passed and is_whole)
        except FileExistsError:
            raise RecordingExistsError(self._path, "appeared while it was recorded, and was left alone") from None
        except OSError as error:
            raise proxy.failure or WriteError(self._path, f"cannot get its name: {error.strerror}") from error
        if not is_whole:
            raise proxy.failure or WriteError(failed_path(self._path), f"lacks {summary.lost:,} frames")

    def check(self) -> None:
        """
        Raise what has gone wrong so far.

        Raises:
            FeedrecError: If the recording has failed.

        """
        if self._proxy is not None and self._proxy.failure is not None:
            raise self._proxy.failure

    def pause(self, *_: object, **__: object) -> NoReturn:
        """Refuse: see the class."""
        self._refuse("pause()")

    def step(self, *_: object, **__: object) -> NoReturn:
        """Refuse: see the class."""
        self._refuse("step()")

    def play_until(self, *_: object, **__: object) -> NoReturn:
        """Refuse: see the class."""
        self._refuse("play_until()")

    def seek(self, *_: object, **__: object) -> NoReturn:
        """Refuse: see the class."""
        self._refuse("seek()")

    @property
    def status(self) -> NoReturn:
        """Refuse: see the class."""
        self._refuse("status")

    @property
    def control_url(self) -> NoReturn:
        """Refuse: see the class."""
        self._refuse("control_url")

    @property
    def position(self) -> None:
        """None: nothing is counted."""

    @property
    def present(self) -> None:
        """None: it is now."""

    @property
    def failures(self) -> list[DialogueFailure]:
        """None of any: whatever a client says is what is recorded."""
        return []

    @property
    def faults(self) -> list[FaultHit]:
        """None of any: nothing goes wrong on purpose."""
        return []

    @property
    def seed(self) -> None:
        """None: there are no faults."""

    def resume(self, *_: object, **__: object) -> None:
        """Do nothing: it is never held up."""

    def set_speed(self, *_: object, **__: object) -> None:
        """Do nothing: it has a speed of its own."""

    def _refuse(self, name: str) -> NoReturn:
        raise UsageError(
            f"{name} steers a replay, but {self._path.name} is being recorded from a live connection: record "
            "it first, with `feedrec proxy` or a test that does not steer"
        )

    def _has_subscribed(self, client: ReplayClient, request: ChannelRequest) -> bool:  # noqa: ARG002
        """Take whoever has said something for subscribed: what it asks for is understood in a replay only."""
        return client.received > 0

    def _name(self, *, keep: bool) -> None:
        failed = failed_path(self._path)
        if not keep:
            self._untested.replace(failed)
        elif self._overwrite:
            self._untested.replace(self._path)
            remove_state(self._path)
        else:
            try:
                rename_to_free_name(self._untested, self._path)
            except FileExistsError:
                self._untested.replace(failed)
                raise


class _ToldWriter(RotatingWriter):
    """
    A recording that also tells of each line that it takes.

    Args:
        tell: Takes each.
        arguments: Those of the recording.
        options: The same.

    """

    def __init__(self, tell: Callable[[Record], None], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._tell = tell

    def write_line(self, line: bytes, mark: Mark | None = None, *, block: bool = False) -> None:
        super().write_line(line, mark, block=block)
        self._tell(decode_line(line))

    def write_run(self, run: FrameRun | WholeBlock) -> None:
        for line, mark in run.lines():
            self.write_line(line, mark)


def _tell(seen: Observer, endpoint: str, record: Record) -> None:
    """Tell an observer of a replay the same of a recording; connections count from 0, and secrets are redacted."""
    if record.conn is None:
        exchange = exchange_of(record)
        if exchange is not None:
            seen.on_request(exchange.request, exchange.answer, exchange.time)
        return
    client = record.conn + 1
    if not isinstance(record, Event):
        if record.direction == "in":
            seen.on_sent([SentMessage(client, record.payload, record.binary, record.time)])
        else:
            message = record.payload if record.binary else record.payload.decode(errors="replace")
            seen.on_received(client, message, record.time)
    elif record.name == "open":
        seen.on_connected(client, str(record.details.get("client", "")), endpoint)
    elif record.name == "close":
        outcome = _OUTCOMES.get(record.details.get("by"), "server stopped")
        seen.on_ended(client, ClientResult(client, "", outcome, 0, 0, 0, 0, None, endpoint))
