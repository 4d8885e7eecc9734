"""The real capture, as three machines would have recorded it that had different shares of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from feedrec.feeds import find_feed
from feedrec.formats import create_recording, open_recording
from feedrec.model import NANOSECONDS, Frame, Header

from ...cli.command import feedrec
from ...export.captures import captured

ADVANCED = find_feed("coinbase-advanced")
_NUMBER = re.compile(rb'"sequence_num":\d+')

Told = dict[tuple[str, str], list[bytes]]
"""What was told of each product in each channel, in order, without the numbers of a connection."""


def told(payloads: Iterable[bytes]) -> Told:
    found: Told = {}
    for payload in payloads:
        info = ADVANCED.describe(payload)
        for product in info.products if info.kind != "ack" else ():
            found.setdefault((info.channel, product), []).append(_NUMBER.sub(b"", payload))
    return found


def record(
    path: Path,
    frames: Sequence[tuple[int, bytes]],
    products: set[str],
    shard: str,
    lives: Callable[[float], bool] = lambda _: True,
) -> None:
    """Write what a machine has of a capture that records these products, at the seconds in which it lives."""
    channels = ("level2", "market_trades", "ticker", "candles")
    wanted = [{"channel": channel, "products": sorted(products)} for channel in channels]
    number = 0
    header = Header(ADVANCED.name, "wss://x", frames[0][0], path.name, wanted, {"shard": shard})
    with create_recording(path, header) as recording:
        for time, payload in frames:
            of = set(ADVANCED.describe(payload).products)
            if of <= products and lives((time - frames[0][0]) / NANOSECONDS):
                numbered = _NUMBER.sub(b'"sequence_num":%d' % number, payload, count=1)
                recording.write(Frame(time, 0, numbered), ADVANCED.describe(numbered), block=True)
                number += 1


def test_machines_with_different_shares_have_all_of_a_feed_together_its_books_too(tmp_path: Path) -> None:
    """The first one dies after 8 of 24 seconds; from there on, each product is that of another machine."""
    capture = list(captured(ADVANCED.name))
    record(tmp_path / "1.jsonl", capture, {"BTC-USD", "ETH-USD"}, "1/3", lambda second: second < 8)
    record(tmp_path / "2.jsonl", capture, {"ETH-USD"}, "2/3")
    record(tmp_path / "3.jsonl", capture, {"BTC-USD"}, "3/3")
    done = feedrec("convert", "--dedupe", "1.jsonl", "2.jsonl", "3.jsonl", "-o", "all.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert b"all of them lack nothing" in done.stdout
    with open_recording(tmp_path / "all.jsonl") as recording:
        frames = [one.payload for one in recording if isinstance(one, Frame)]
    assert told(frames) == told(payload for _, payload in capture)
