"""The states of all feeds, as of one number."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from feedrec.errors import LineError, UsageError
from feedrec.feeds.venue import Key
from feedrec.live_messages import FeedPlan, Files, Parcel, ParcelKind
from feedrec.model import Frame
from feedrec.replay.live.states.market_now import MarketNow

from ....timing import HANG_TIMEOUT, until
from .runs import ENDPOINT, START, lines_of, write

NOTHING = Files([], None, 0)
A, B = ("ticker", "A"), ("ticker", "B")


def ticker(number: int, product: str = "A") -> Frame:
    return Frame(START, 0, b'{"type":"ticker","product_id":"%b","sequence":%d}' % (product.encode(), number))


def lines(number: int, *frames: Frame, feed: int = 0) -> Parcel:
    return Parcel(number, ParcelKind.LINES, feed, b"".join(line + b"\n" for line in lines_of(frames)))


def begins(number: int, files: Files = NOTHING, feed: int = 0) -> list[Parcel]:
    kinds = {ParcelKind.HEADER: b"{}", ParcelKind.CATALOGUE: b"{}", ParcelKind.FILES: msgspec.json.encode(files)}
    return [Parcel(number, kind, feed, content) for kind, content in kinds.items()]


def knowing(scenario: Callable[[MarketNow], Awaitable[None]], *, feeds: int = 1) -> list[Exception]:
    """Run what is done with one; return what it failed with."""
    failures: list[Exception] = []

    async def run() -> None:
        market = MarketNow([FeedPlan(ENDPOINT, str(number)) for number in range(feeds)], failures.append)
        async with asyncio.timeout(HANG_TIMEOUT):
            await scenario(market)
        market.close()

    asyncio.run(run())
    return failures


def take(market: MarketNow, *parcels: Parcel) -> None:
    for parcel in parcels:
        market.take(parcel)
    market.look()


async def asked(market: MarketNow, *keys: Key, after: int = 0, feed: int = 0) -> tuple[int, list[bytes | None]]:
    return await market.snapshots(feed, keys, START, after)


def test_an_answer_is_as_of_the_last_lines_and_not_before_those_that_were_asked_for() -> None:
    async def scenario(market: MarketNow) -> None:
        early = asyncio.create_task(asked(market, A, after=2))
        await asyncio.sleep(0)
        take(market, *begins(0), lines(1, ticker(1)))
        assert await asked(market, A, B) == (1, [ticker(1).payload, None])
        assert not early.done()
        take(market, lines(2, ticker(2)), lines(3, ticker(3)))
        assert await early == (3, [ticker(3).payload])

    assert not knowing(scenario)


def test_what_is_in_files_is_known_first_and_lines_that_come_meanwhile_are_not_lost(tmp_path: Path) -> None:
    async def scenario(market: MarketNow) -> None:
        path = write(tmp_path / "x.jsonl", [ticker(1, "A"), ticker(1, "B"), ticker(2, "B")])
        take(market, *begins(7, Files([str(path)], None, 0)))
        many = [lines(number, *[ticker(number, "A")] * 3000) for number in range(8, 20)]
        take(market, *many)
        waiting = asyncio.create_task(asked(market, A, B, after=7))
        await asyncio.sleep(0)
        assert not waiting.done()
        assert await waiting == (19, [ticker(19).payload, ticker(2, "B").payload])

    assert not knowing(scenario)


def test_another_run_begins_with_nothing(tmp_path: Path) -> None:
    async def scenario(market: MarketNow) -> None:
        path = write(tmp_path / "x.jsonl", [ticker(1, "B")])
        take(market, *begins(0, Files([str(path)], None, 0)), *begins(0), lines(1, ticker(1)))
        take(market, *begins(1), lines(2, ticker(2, "B")))
        await asyncio.sleep(0.02)  # the file of the first run is read, in vain
        assert await asked(market, A, B) == (2, [None, ticker(2, "B").payload])

    assert not knowing(scenario)


def test_feeds_of_one_endpoint_are_one_and_those_that_have_not_begun_are_waited_for_a_moment() -> None:
    async def scenario(market: MarketNow) -> None:
        take(market, *begins(0), lines(1, ticker(1)))
        both = asyncio.create_task(asked(market, A, B, feed=1))
        await asyncio.sleep(0)
        assert not both.done()
        take(market, *begins(1, feed=1), lines(2, ticker(2, "B"), feed=1))
        assert await both == (2, [ticker(1).payload, ticker(2, "B").payload])

    assert not knowing(scenario, feeds=2)


def test_a_feed_that_never_begins_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedrec.replay.live.states.market_now._GRACE", 0.001)

    async def scenario(market: MarketNow) -> None:
        take(market, *begins(0), lines(1, ticker(1)))
        assert await asked(market, A, feed=1) == (1, [ticker(1).payload])

    assert not knowing(scenario, feeds=2)


def test_a_state_that_will_never_be_known_is_a_failure(tmp_path: Path) -> None:
    failures = list[Exception]()

    async def scenario(market: MarketNow) -> None:
        path = write(tmp_path / "x.jsonl", [ticker(1)])
        take(market, *begins(0, Files([], str(path), 9)))
        await until(lambda: failures)

    async def run() -> None:
        market = MarketNow([FeedPlan(ENDPOINT)], failures.append)
        await scenario(market)

    asyncio.run(run())
    assert "x.jsonl ends 7 lines too early" in str(failures)


def test_what_is_no_recording_and_what_is_no_feed_is_refused() -> None:
    async def scenario(market: MarketNow) -> None:
        take(market, *begins(0))
        with pytest.raises(LineError):
            market.take(Parcel(1, ParcelKind.LINES, 0, b"nonsense\n"))
        with pytest.raises(IndexError):
            market.take(Parcel(1, ParcelKind.LINES, 1, b""))
        with pytest.raises(IndexError):
            await asked(market, A, feed=1)
        with pytest.raises(ValueError, match="truncated"):
            market.take(Parcel(1, ParcelKind.FILES, 0, b""))

    knowing(scenario)
    with pytest.raises(UsageError):
        MarketNow([FeedPlan("nowhere")], print)


def test_lines_that_waited_and_are_no_recording_are_a_failure(tmp_path: Path) -> None:
    async def scenario(market: MarketNow) -> None:
        path = write(tmp_path / "x.jsonl", [ticker(1)])
        take(market, *begins(0, Files([str(path)], None, 0)), Parcel(1, ParcelKind.LINES, 0, b"nonsense\n"))
        await asyncio.sleep(0.05)

    (failure,) = knowing(scenario)
    assert isinstance(failure, LineError)
