"""The tables of docs/fleet.md are what the scripts beside it compute, of figures that can be measured again."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from feedrec.feeds import find_feed
from feedrec.recorder.shipping.destination import Destination
from feedrec.recorder.shipping.shipment import ship
from scripts import simulate_shards, year_on_paper
from scripts.year_on_paper import LARGE, SMALL, Product, Requests, Year, sums

from .cli.command import feedrec
from .export.captures import captured, record_capture
from .object_server import Bucket

PAGE = Path(__file__).parents[1] / "docs" / "fleet.md"


def part(name: str) -> list[str]:
    """Return the lines between two marks of the page."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1].strip().splitlines()


def test_the_table_of_the_simulation_is_what_it_gives() -> None:
    """And nothing moves that need not: one product or two begin, and what a machine takes over is its share."""
    rows = simulate_shards.table()
    assert part("simulation") == rows
    numbers = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[4:]]
    assert [row[1:3] for row in numbers[:2]] == [["1", "2"], ["0", "0"]]
    for row in numbers[2:]:
        assert abs(int(row[1]) - 1000 / (6 if "sixth" in row[0] else 5)) < 20


def test_the_table_of_the_year_is_what_the_arithmetic_gives() -> None:
    assert part("year") == year_on_paper.table()


def test_the_year_is_linear_in_what_is_recorded() -> None:
    """Of one product on one machine, all that comes out can be told by hand."""
    one = sums(Year(products=1, large=0, machines=1, replicas=1, losses=0, restarts=1, file=1e6))
    assert (one.connections, one.products_here, one.snapshots) == (1, 1, SMALL.snapshot)
    assert one.received == SMALL.bytes * 365 * 86_400 + SMALL.snapshot
    assert one.stored == pytest.approx(one.received / SMALL.ratio * 1.07)
    assert one.files == one.stored / 1e6
    assert one.frames_here == SMALL.frames
    assert one.lost_alone == 30
    twice = sums(Year(products=1, large=0, machines=2, replicas=2, losses=0, restarts=1, file=1e6))
    assert twice.stored == pytest.approx(2 * one.stored)
    assert twice.frames_here == one.frames_here


@pytest.mark.parametrize(
    ("endpoint", "products", "stated"), [("coinbase-advanced", 2, LARGE), ("coinbase-exchange", 10, SMALL)]
)
def test_what_a_product_sends_is_that_of_the_captures(
    endpoint: str, products: int, stated: Product, tmp_path: Path
) -> None:
    feed, frames = find_feed(endpoint), list(captured(endpoint))
    seconds = (frames[-1][0] - frames[0][0]) / 1e9
    counts: Counter[str] = Counter()
    for _, payload in frames:
        info = feed.describe(payload)
        if info.channel in ("level2", "market_trades", "matches", "ticker") and info.kind != "ack":
            is_book = info.kind == "snapshot" and info.channel == "level2"
            what = "snapshot" if is_book else "update" if info.kind != "snapshot" else "other"
            counts[what] += len(payload)
            counts[f"{what}s"] += 1
    assert counts["update"] / seconds / products == pytest.approx(stated.bytes, rel=0.01)
    assert counts["updates"] / seconds / products == pytest.approx(stated.frames, rel=0.01)
    assert counts["snapshot"] / products == pytest.approx(stated.snapshot, rel=0.01)
    record_capture(tmp_path / "c.jsonl.zst", endpoint)
    feedrec("convert", "c.jsonl.zst", "-o", "updates.jsonl.zst", "--from", "+3s", cwd=tmp_path)
    facts = json.loads(feedrec("info", "updates.jsonl.zst", "--json", cwd=tmp_path).stdout)
    assert facts["ratio"] == pytest.approx(stated.ratio, rel=0.05)


def test_a_file_that_is_shipped_takes_so_many_requests(bucket: Bucket, tmp_path: Path) -> None:
    """All but the first, before which it is tried whether the store overwrites."""
    to = Destination(bucket.url)
    for number in range(2):
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(b'{"feedrec":1}\n' * (number + 1))
        bucket.requests.clear()
        ship(path, to, path.name)
    methods = Counter(one.method for one in bucket.requests)
    assert methods == {"PUT": Requests().puts, "HEAD": Requests().gets}
