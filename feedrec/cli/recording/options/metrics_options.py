"""Options of `feedrec record` for those who watch it."""

from __future__ import annotations

from typing import Any, NamedTuple

import click

from ...options import DURATION, all_options

__all__ = ["MetricsPlace", "metrics_options"]

_MOST_PORT = 65_535


class MetricsPlace(NamedTuple):
    """Where metrics are served."""

    host: str
    port: int


class _Place(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> MetricsPlace:
        if isinstance(value, MetricsPlace):
            return value
        host, _, port = value.rpartition(":")
        host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
        if not host or not (port.isascii() and port.isdigit()) or int(port) > _MOST_PORT:
            self.fail(f"{value!r} is not an address with a port, such as 127.0.0.1:9464", param, ctx)
        return MetricsPlace(host, int(port))


metrics_options = all_options(
    click.option(
        "--metrics",
        metavar="HOST:PORT",
        type=_Place(),
        help="Serve /metrics for Prometheus, /healthz and /readyz here, e.g. 127.0.0.1:9464.",
    ),
    click.option(
        "--allow-host",
        "allow_hosts",
        metavar="NAME",
        multiple=True,
        help="Answer to this name of the machine too, besides its addresses, with --metrics. Repeatable.",
    ),
    click.option(
        "--stale-after",
        metavar="DURATION",
        type=DURATION,
        help="Without a frame for this long, a feed is stale.  [default: as its channels allow, mostly 20s]",
    ),
)
"""Adds the options; `--stale-after` is one of each feed."""
