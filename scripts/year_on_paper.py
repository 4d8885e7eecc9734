"""
What a year of 1,000 products on five machines comes to, with two replicas of each: bytes, connections, requests, money.

    python scripts/year_on_paper.py

It prints the tables of docs/fleet.md, which a test compares; other tests measure again what was measured for it. Change
what is assumed in `Year`, and the prices, to have those of your own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.connections.sharding import Shard, shares_of

FIGURES = Path(__file__).parents[1] / "benchmarks" / "figures.json"

SECONDS = 365 * 86_400
_CHANNELS = ("level2", "market_trades", "ticker")
_RATE = "record: frames of 540 bytes, 5,000 a second: CPU for each"


class Product(NamedTuple):
    """
    What a product sends, as of a capture, on the three channels; snapshots are apart.

    Attributes:
        bytes: Bytes in a second.
        frames: Frames in a second.
        ratio: Bytes for each byte of a recording.
        snapshot: Bytes of the snapshot of its book, with which each connection begins.

    """

    bytes: float
    frames: float
    ratio: float
    snapshot: float


LARGE = Product(bytes=15_061, frames=20.4, ratio=10.2, snapshot=3_805_513)
"""The mean of BTC-USD and ETH-USD: Coinbase Advanced Trade, 24.2 s of 2026-08-09."""

SMALL = Product(bytes=3_996, frames=32.2, ratio=6.3, snapshot=18_149)
"""The mean of ten small products: Coinbase Exchange, 30.8 s of 2021-04-17, a day of a slump."""

LIVE = 1.07
"""A recorder writes more than `convert`, from whose files the ratios are: it ends a block each second."""


class Requests(NamedTuple):
    """Requests of a store for a file that is shipped, as they were counted: those that are paid as PUT, and as GET."""

    puts: int = 1
    gets: int = 3


class Prices(NamedTuple):
    """Dollars: list prices of S3 Standard in us-east-1 as of 2026; of a month of a GB, and of 1,000 requests."""

    gigabyte: float = 0.023
    puts: float = 0.005
    gets: float = 0.0004


class Year(NamedTuple):
    """
    What is assumed, besides what was measured.

    Attributes:
        products: Products, of which `large` are like BTC-USD.
        large: Those.
        machines: Machines.
        replicas: On how many of them each product is.
        file: Bytes of a file: a new one begins after 256 MB where it is shipped.
        losses: How often in a day a connection is lost.
        away: Seconds until a lost one brings frames again; the recorder waits 0.5 to 1 s before it tries.
        restarts: How often in a year a recorder is started again.
        start: Seconds for which it is away then.

    """

    products: int = 1000
    large: int = 20
    machines: int = 5
    replicas: int = 2
    file: float = 256e6
    losses: float = 1
    away: float = 2.0
    restarts: float = 12
    start: float = 30.0


class Sums(NamedTuple):
    """What comes out, of all machines where it does not say otherwise; `here` is the fullest machine."""

    connections: int
    connections_here: int
    products_here: int
    frames_here: float
    cpu_here: float
    received: float
    stored: float
    snapshots: float
    files: float
    lost_alone: float
    lost_both: float


def opened_by(year: Year) -> float:
    """Return how often each connection is opened."""
    return year.losses * 365 + year.restarts


def sums(year: Year) -> Sums:
    """Return what a year comes to."""
    small = year.products - year.large
    names = tuple(f"P{number:03}-USD" for number in range(year.products))
    feed = find_feed("coinbase-advanced")
    wanted = [*(Subscription(channel, names) for channel in _CHANNELS), Subscription("heartbeats")]
    shares = [one or [] for one in shares_of(feed, wanted, Shard(1, year.machines, year.replicas))]
    connections = [len(feed.spread(share)) for share in shares]
    fullest = max(len(share[0].products) if share else 0 for share in shares)
    part = fullest / (year.products * year.replicas)  # of all recordings of products
    opened = opened_by(year)
    snapshots = (year.large * LARGE.snapshot + small * SMALL.snapshot) * year.replicas * opened
    received = (year.large * LARGE.bytes + small * SMALL.bytes) * year.replicas * SECONDS + snapshots
    by_ratio = year.large * (LARGE.bytes * SECONDS + LARGE.snapshot * opened) / LARGE.ratio
    by_ratio += small * (SMALL.bytes * SECONDS + SMALL.snapshot * opened) / SMALL.ratio
    stored = by_ratio * year.replicas * LIVE
    frames = (year.large * LARGE.frames + small * SMALL.frames) * year.replicas * part
    rows = json.loads(FIGURES.read_text())["groups"]["record"]["rows"]
    microseconds = next(row["feedrec"] for row in rows if row["what"] == _RATE)
    away = year.losses * 365 * year.away + year.restarts * year.start
    return Sums(
        sum(connections),
        max(connections),
        fullest,
        frames,
        frames * microseconds / 1e6,
        received,
        stored,
        snapshots,
        stored / year.file,
        away,
        away**2 / SECONDS,
    )


def table(year: Year = Year(), prices: Prices = Prices(), requests: Requests = Requests()) -> list[str]:  # noqa: B008
    """Return the lines of the table."""
    its = sums(year)
    month = its.stored / 1e9 * prices.gigabyte
    puts = its.files * requests.puts / 1000 * prices.puts
    gets = its.files * requests.gets / 1000 * prices.gets
    rows = [
        (
            "connections",
            f"{its.connections} ({its.connections_here} on the fullest machine)",
            "30 products of level2 each",
        ),
        (
            "connections opened",
            f"{its.connections * opened_by(year):,.0f}, and {year.machines * year.restarts:.0f} recorders started",
            "each lost once a day, and 12 starts of each recorder",
        ),
        (
            "frames a second, the fullest machine",
            f"{its.frames_here:,.0f}, of {its.products_here} products",
            "frames of a product, added up",
        ),
        (
            "its CPU",
            f"{its.cpu_here * 100:.0f} % of a core at most",
            "frames x 41 us, what one costs at 5,000 a second",
        ),
        ("received a second, all machines", f"{its.received / SECONDS / 1e6:.1f} MB", "bytes x products x replicas"),
        ("received", f"{its.received / 1e12:.0f} TB", "the same, for a year"),
        ("of that snapshots", f"{its.snapshots / 1e12:.2f} TB", "snapshots x connections that are opened"),
        ("stored", f"{its.stored / 1e12:.1f} TB", "received / ratio x 1.07"),
        ("a machine's disk, for a day", f"{its.stored / 365 / year.machines / 1e9:.0f} GB", "stored / 365 / machines"),
        ("files", f"{its.files:,.0f}", "stored / 256 MB"),
        ("requests", f"{its.files * (requests.puts + requests.gets):,.0f}", "4 a file, of which 1 writes"),
        ("they cost", f"${puts + gets:.2f}", "files x ($0.005 + 3 x $0.0004) / 1,000"),
        ("a month of all of that in the bucket costs", f"${month:,.0f}", "GB x $0.023"),
        ("the year in which it comes to be", f"${month * 12 / 2:,.0f}", "half of 12 months"),
        ("the same, after `--dedupe`", f"${month * 12 / 2 / year.replicas:,.0f}", "one replica is kept"),
        ("a product is away from a machine", f"{its.lost_alone / 60:.0f} minutes", "365 x 2 s + 12 x 30 s"),
        ("from both at once", f"{its.lost_both * 1000:.0f} ms", "that squared / a year, if they fail independently"),
    ]
    return ["| a year | | how |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]


if __name__ == "__main__":
    print("\n".join(table()))
