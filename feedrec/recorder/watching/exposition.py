"""
The metrics, as prometheus_client writes them.

Nothing is counted here: each scrape turns a snapshot of plain numbers into samples, in a thread. That thread gives the
interpreter away now and then, since the event loop, which has frames to receive, would wait for five milliseconds each
time that it wants it.
"""

from __future__ import annotations

import gzip
import itertools
import platform
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from ... import __version__
from ...errors import UsageError
from ...model import NANOSECONDS
from .clock_watch import ClockFacts
from .lag import BOUNDS
from .live_facts import LiveFacts
from .process_watch import ProcessFacts
from .run_watch import ENDED, FAILED, WAITING, RunFacts
from .shipping_facts import ShippingFacts

try:
    from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
    from prometheus_client.exposition import choose_encoder
except ImportError as error:
    raise UsageError("--metrics needs prometheus_client: pip install 'feedrec[metrics]'") from error

__all__ = ["METRICS", "STATES", "Exposition", "Metrics"]

STATES = (WAITING, "connecting", "recording", "reconnecting", "idle", "finishing", ENDED, FAILED)
"""What a run may be doing."""

_T = TypeVar("_T")
_FEED = ("feed", "endpoint")
_CHANNEL = (*_FEED, "channel")
_AT_ONCE, _PAUSE = 100, 0.0001  # samples, some 4 µs each, and seconds after them


class MetricSpec(NamedTuple):
    """What stands in `# HELP` and `# TYPE`, and the labels of each sample."""

    kind: str
    labels: tuple[str, ...]
    text: str


METRICS = {
    "feedrec_build_info": MetricSpec("gauge", ("version", "python"), "Always 1."),
    "feedrec_ready": MetricSpec("gauge", _FEED, "1 if data arrives and the disk takes it, else 0; see /readyz."),
    "feedrec_run_state": MetricSpec("gauge", (*_FEED, "state"), "1 for what the run is doing, 0 for all else."),
    "feedrec_frames_total": MetricSpec("counter", _CHANNEL, "Frames received."),
    "feedrec_frame_bytes_total": MetricSpec("counter", _CHANNEL, "Bytes of their payloads."),
    "feedrec_gaps_total": MetricSpec("counter", _CHANNEL, "Gaps in the venue's sequence numbers."),
    "feedrec_missing_frames_total": MetricSpec("counter", _CHANNEL, "Frames that are missing in these gaps."),
    "feedrec_resets_total": MetricSpec("counter", _CHANNEL, "Counts that the venue began anew on an open connection."),
    "feedrec_resyncs_total": MetricSpec("counter", _CHANNEL, "Products subscribed anew after a gap."),
    "feedrec_subscriptions_missing": MetricSpec("gauge", _CHANNEL, "Products that the venue does not serve."),
    "feedrec_lag_seconds": MetricSpec(
        "histogram", _CHANNEL, "Receive time less the venue's time, of one frame in a hundred."
    ),
    "feedrec_out_of_order_total": MetricSpec("counter", _FEED, "Frames whose number did not fit; they are not lost."),
    "feedrec_reconnects_total": MetricSpec("counter", _FEED, "Connections that took the place of one that was lost."),
    "feedrec_connections_open": MetricSpec("gauge", _FEED, "Connections that are open."),
    "feedrec_connections_wanted": MetricSpec("gauge", _FEED, "Connections that should be open."),
    "feedrec_last_frame_age_seconds": MetricSpec("gauge", _FEED, "Time since the last frame; absent before the first."),
    "feedrec_backlog_bytes": MetricSpec("gauge", _FEED, "Bytes in memory that are not on their way to the disk."),
    "feedrec_backlog_seconds": MetricSpec("gauge", _FEED, "How long the oldest line has waited for the disk."),
    "feedrec_lost_frames_total": MetricSpec("counter", _FEED, "Frames that were received and never written."),
    "feedrec_disk_free_bytes": MetricSpec("gauge", _FEED, "Bytes that the disk under the recording has free."),
    "feedrec_disk_refusing": MetricSpec("gauge", _FEED, "1 while the disk takes nothing, else 0."),
    "feedrec_file_bytes_total": MetricSpec("counter", _FEED, "Bytes written to files."),
    "feedrec_files_finished_total": MetricSpec("counter", _FEED, "Files that are finished."),
    "feedrec_finishers_waiting": MetricSpec(
        "gauge", (*_FEED, "step"), "Finished files that wait for a step of what is done with them."
    ),
    "feedrec_ship_files_waiting": MetricSpec("gauge", _FEED, "Finished files that are not in the bucket yet."),
    "feedrec_ship_bytes_waiting": MetricSpec("gauge", _FEED, "Bytes of these."),
    "feedrec_ship_oldest_seconds": MetricSpec("gauge", _FEED, "Time since the oldest of these was finished, else 0."),
    "feedrec_ship_files_total": MetricSpec("counter", _FEED, "Files that were shipped and checked."),
    "feedrec_ship_bytes_total": MetricSpec("counter", _FEED, "Bytes of these."),
    "feedrec_ship_failures_total": MetricSpec("counter", _FEED, "Attempts to ship a file that came to nothing."),
    "feedrec_ship_files_failed": MetricSpec("gauge", _FEED, "Files that stay here: another object has their name."),
    "feedrec_command_runs_total": MetricSpec(
        "counter", ("kind", "result"), "Commands by how they ended: success or failure; dropped if too many waited."
    ),
    "feedrec_commands_waiting": MetricSpec("gauge", ("kind",), "Commands that have not ended yet."),
    "feedrec_live_up": MetricSpec("gauge", ("process",), "1 while this process for --serve is there, else 0."),
    "feedrec_live_starts_total": MetricSpec("counter", ("process",), "How often it was started."),
    "feedrec_live_waiting_bytes": MetricSpec("gauge", ("process",), "Bytes of lines that wait for it."),
    "feedrec_live_bytes_total": MetricSpec("counter", (), "Bytes of lines that were given to these processes."),
    "feedrec_live_clients_connected": MetricSpec("gauge", (), "Clients that are served live."),
    "feedrec_live_clients_total": MetricSpec("counter", (), "Clients that were served live."),
    "feedrec_live_clients_cut_total": MetricSpec("counter", (), "Those of them that were too slow."),
    "feedrec_live_wishes_total": MetricSpec(
        "counter", ("result",), "What clients asked for beyond what was recorded: granted or refused."
    ),
    "feedrec_clock_synchronized": MetricSpec("gauge", (), "1 if something keeps the system's clock right, else 0."),
    "feedrec_clock_offset_seconds": MetricSpec("gauge", (), "By how much the clock is behind, as is known."),
    "feedrec_clock_max_error_seconds": MetricSpec("gauge", (), "By how much the clock may be wrong, at most."),
    "feedrec_clock_estimated_error_seconds": MetricSpec("gauge", (), "By how much it is wrong, as is thought."),
    "feedrec_clock_steps_total": MetricSpec("counter", (), "How often the clock was set since the process began."),
}
"""All metrics of our own, by name; docs/watching.md lists them."""

_UPPER_BOUNDS = [*map(str, BOUNDS), "+Inf"]


class Metrics(NamedTuple):
    """What a scrape gets: the text, its type, and how it is compressed; empty if it is not."""

    body: bytes
    content_type: str
    encoding: str = ""


class Exposition:
    """Writes metrics, with a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._facts: ProcessFacts | None = None
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._registry.register(self)

    def write(self, facts: ProcessFacts, accept: str = "", accept_encoding: str = "") -> Metrics:
        """
        Write what is known at a moment; not in two threads at once.

        Args:
            facts: What is known.
            accept: The header `Accept`: OpenMetrics, or Prometheus's own text, which is the default.
            accept_encoding: The header `Accept-Encoding`.

        """
        try:
            encoder, content_type = choose_encoder(accept)
        except (TypeError, ValueError):  # a version that is no number
            encoder, content_type = choose_encoder("")
        self._facts = facts
        body = encoder(self._registry)
        if any(one.partition(";")[0].strip().lower() == "gzip" for one in accept_encoding.split(",")):
            return Metrics(gzip.compress(body, 1), content_type, "gzip")
        return Metrics(body, content_type)

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics of the moment; prometheus_client calls it."""
        if self._facts is None:
            return
        families = {name: _family(name, spec) for name, spec in METRICS.items()}
        for name, labels, value in _gently(_samples(self._facts)):
            if name == "feedrec_lag_seconds":
                families[name].add_metric(labels, buckets=_buckets(value), sum_value=None)
            else:
                families[name].add_metric(labels, value)
        for family in families.values():
            family.samples = _Gentle(family.samples)
            yield family


class _Gentle(list[Any]):
    """A list that is gone through gently: what writes the samples of a metric knows of no pauses."""

    def __iter__(self) -> Iterator[Any]:
        return _gently(super().__iter__())


def _gently(items: Iterable[_T]) -> Iterator[_T]:
    """Yield items, and give the interpreter away now and then to whom else wants it."""
    for number, item in enumerate(items, 1):
        yield item
        if number % _AT_ONCE == 0:
            time.sleep(_PAUSE)


def _family(name: str, spec: MetricSpec) -> Any:
    if spec.kind == "counter":
        return CounterMetricFamily(name.removesuffix("_total"), spec.text, labels=spec.labels)
    kind = GaugeMetricFamily if spec.kind == "gauge" else HistogramMetricFamily
    return kind(name, spec.text, labels=spec.labels)


def _buckets(counts: list[int]) -> list[tuple[str, int]]:
    """Return bounds, and how many were up to each; there is no sum, which could go back (OpenMetrics)."""
    return list(zip(_UPPER_BOUNDS, itertools.accumulate(counts), strict=True))


Samples = Iterable[tuple[str, tuple[str, ...], Any]]
"""Name of a metric, the values of its labels in their order, and its value."""


def _samples(facts: ProcessFacts) -> Samples:
    yield "feedrec_build_info", (__version__, platform.python_version()), 1
    for run in facts.runs:
        yield from _samples_of_run(run, is_ready=not facts.readiness.feeds.get(run.feed, [""]))
        yield from _samples_of_channels(run)
    for kind, commands in facts.commands.items():
        for result, count in (("success", commands.succeeded), ("failure", commands.failed)):
            yield "feedrec_command_runs_total", (kind, result), count
        yield "feedrec_command_runs_total", (kind, "dropped"), commands.dropped
        yield "feedrec_commands_waiting", (kind,), commands.waiting
    if facts.live is not None:
        yield from _samples_of_live(facts.live)
    yield from _samples_of_clock(facts.clock)


def _samples_of_run(run: RunFacts, *, is_ready: bool) -> Samples:
    feed, counts, disk = (run.feed, run.endpoint), run.counts, run.disk
    for state in STATES:
        yield "feedrec_run_state", (*feed, state), int(run.state == state)
    yield "feedrec_ready", feed, int(is_ready)
    if counts is None:
        return
    for step, waiting in run.waiting().items():
        yield "feedrec_finishers_waiting", (*feed, step), waiting
    yield from _samples_of_shipping(feed, run.shipping())
    values = {
        "out_of_order_total": counts.out_of_order,
        "reconnects_total": counts.reconnects,
        "connections_open": run.open,
        "connections_wanted": run.wanted,
        "last_frame_age_seconds": run.last_frame_age,
        "backlog_bytes": run.backlog,
        "backlog_seconds": disk.waiting_seconds,
        "lost_frames_total": run.frames_lost,
        "disk_free_bytes": disk.free,
        "disk_refusing": int(disk.refusal is not None),
        "file_bytes_total": run.file_size,
        "files_finished_total": disk.files,
    }
    yield from ((f"feedrec_{name}", feed, value) for name, value in values.items() if value is not None)


def _samples_of_shipping(feed: tuple[str, str], facts: ShippingFacts | None) -> Samples:
    if facts is None:
        return
    oldest = 0.0 if facts.oldest is None else max(time.time_ns() - facts.oldest, 0) / NANOSECONDS
    yield "feedrec_ship_files_waiting", feed, facts.waiting
    yield "feedrec_ship_bytes_waiting", feed, facts.waiting_bytes
    yield "feedrec_ship_oldest_seconds", feed, oldest
    yield "feedrec_ship_files_total", feed, facts.files
    yield "feedrec_ship_bytes_total", feed, facts.bytes
    yield "feedrec_ship_failures_total", feed, facts.failures
    yield "feedrec_ship_files_failed", feed, len(facts.failed)


def _samples_of_live(live: LiveFacts) -> Samples:
    for name, process in live.processes.items():
        yield "feedrec_live_up", (name,), int(process.is_up)
        yield "feedrec_live_starts_total", (name,), process.starts
        yield "feedrec_live_waiting_bytes", (name,), process.waiting
    yield "feedrec_live_bytes_total", (), live.bytes
    yield "feedrec_live_clients_connected", (), live.clients
    yield "feedrec_live_clients_total", (), live.clients_served
    yield "feedrec_live_clients_cut_total", (), live.clients_cut
    yield "feedrec_live_wishes_total", ("granted",), live.granted
    yield "feedrec_live_wishes_total", ("refused",), live.refused


def _samples_of_channels(run: RunFacts) -> Samples:
    for (endpoint, channel), (frames, size, gaps, missing, resets, resyncs, lags) in run.channels.items():
        labels = (run.feed, endpoint, channel)
        yield "feedrec_gaps_total", labels, gaps
        yield "feedrec_missing_frames_total", labels, missing
        yield "feedrec_resets_total", labels, resets
        if channel:  # else it is what the venue counts for connections as a whole
            yield "feedrec_frames_total", labels, frames
            yield "feedrec_frame_bytes_total", labels, size
            yield "feedrec_resyncs_total", labels, resyncs
            yield "feedrec_lag_seconds", labels, lags
    for channel, count in run.missing_subscriptions.items():
        yield "feedrec_subscriptions_missing", (run.feed, run.endpoint, channel), count


def _samples_of_clock(clock: ClockFacts) -> Samples:
    yield "feedrec_clock_steps_total", (), clock.steps
    quality = clock.quality
    if quality is not None:
        yield "feedrec_clock_synchronized", (), int(quality.synchronized)
        yield "feedrec_clock_offset_seconds", (), quality.offset / NANOSECONDS
        yield "feedrec_clock_max_error_seconds", (), quality.max_error / NANOSECONDS
        yield "feedrec_clock_estimated_error_seconds", (), quality.estimated_error / NANOSECONDS
