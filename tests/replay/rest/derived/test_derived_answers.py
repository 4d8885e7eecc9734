"""Answers made of the recordings, off the event loop, and no more often than must be."""

from __future__ import annotations

import asyncio
import threading
import time
import tracemalloc
from collections.abc import Callable, Coroutine
from typing import Any, cast

from feedrec.feeds.rest import Market
from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay.clock.time_types import RecordedWall
from feedrec.replay.rest.derived.answer_process import AnswerProcess
from feedrec.replay.rest.derived.answering import Made
from feedrec.replay.rest.derived.derived_answers import LONG, DerivedAnswers
from feedrec.replay.rest.derived.moment import Moment, Now
from feedrec.replay.timeline.frame_batches import FrameBatch

from ....timing import until

HERE = "127.0.0.1"


class Half:
    """
    Tells the time, the catalogue, or, if it may read, a snapshot.

    Attributes:
        threads: By which threads it was asked.

    """

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def answer(self, request: HttpRequest, market: Market) -> HttpAnswer | None:
        self.threads.append(threading.current_thread())
        if request.path == "/time":
            return HttpAnswer(200, b"%d" % market.time)
        if request.path == "/products":
            return HttpAnswer(200, b"x" * int(request.parameter("size") or 0))
        if request.path == "/bug":
            raise KeyError("secret")
        if request.path == "/book":
            return HttpAnswer(200, market.snapshot("book", "A") or b"")
        if request.path == "/trades":
            return HttpAnswer(200, b"%d" % len(list(market.frames("trades", "A", 0))))
        return None


class Process:
    """
    Makes answers in the thread that asks.

    Attributes:
        asked: As of which moments.
        gate: Closed, it lets nobody through.

    """

    def __init__(self, half: Half) -> None:
        self.asked: list[Moment] = []
        self.alone: list[bool] = []
        self.gate = threading.Event()
        self.gate.set()
        self.is_closed = False
        self._half = half

    def answer(self, request: HttpRequest, moment: Moment, stopped: threading.Event, *, is_alone: bool) -> Made:
        self.asked.append(moment)
        self.alone.append(is_alone)
        while not self.gate.wait(0.01) and not stopped.is_set():
            pass
        tells_time = request.path != "/trades"

        class Full:
            time = moment.time

            def snapshot(self, channel: str, product: str) -> bytes:  # noqa: ARG002
                return b"book at %d" % (0 if moment.position is None else moment.position.line)

            def frames(self, channel: str, product: str, since: int) -> list[int]:  # noqa: ARG002
                return [0] * (0 if moment.position is None else moment.position.line)

        return Made(self._half.answer(request, cast(Any, Full())), tells_time)

    def close(self) -> None:
        self.is_closed = True


class Setting:
    """An endpoint whose moment the test chooses."""

    def __init__(self) -> None:
        self.half = Half()
        self.process = Process(self.half)
        self.now = self.at(1)
        self.derived = DerivedAnswers(
            cast(Any, self.half), {}, cast(AnswerProcess, self.process), lambda _: self.now, lambda: False
        )

    @staticmethod
    def at(line: int, time: int = 0) -> Now:
        return Now(RecordedWall(time), time, (FrameBatch(line, line + 9, [], [], []), 0))

    async def ask(self, target: str, host: str = HERE) -> bytes | None:
        made = await self.derived.answer(HttpRequest("GET", target), host, self.now)
        assert not made.defect
        return None if made.answer is None else made.answer.body


def run(scenario: Callable[[Setting], Coroutine[Any, Any, None]]) -> None:
    async def around() -> None:
        setting = Setting()
        try:
            await scenario(setting)
        finally:
            setting.derived.close()
            assert setting.process.is_closed

    asyncio.run(around())


def test_what_needs_no_reading_is_answered_at_once() -> None:
    async def scenario(its: Setting) -> None:
        for now in (5, 6):
            its.now = its.at(1, now)
            assert await its.ask("/time") == b"%d" % now
        assert await its.ask("/nothing") is None
        assert its.process.asked == []

    run(scenario)


def test_a_long_answer_is_made_on_the_loop_once_and_then_beside_it() -> None:
    async def scenario(its: Setting) -> None:
        target = f"/products?size={LONG + 1}"
        for _ in range(3):
            assert len(await its.ask(target) or b"") == LONG + 1
        assert [one is threading.main_thread() for one in its.half.threads] == [True, False]

    run(scenario)


def test_an_answer_is_used_again_until_more_was_played_or_time_has_passed() -> None:
    async def scenario(its: Setting) -> None:
        for _ in range(2):
            assert await its.ask("/book") == b"book at 1"
            assert await its.ask("/trades") == b"1"
        assert len(its.process.asked) == 2
        its.now = its.at(1, 7)
        assert await its.ask("/book") == b"book at 1"
        assert await its.ask("/trades") == b"1"
        assert len(its.process.asked) == 3
        its.now = its.at(2, 7)
        assert await its.ask("/book") == b"book at 2"
        assert await its.ask("/trades") == b"2"
        assert len(its.process.asked) == 5
        its.now = its.at(1, 7)
        assert await its.ask("/book") == b"book at 1"

    run(scenario)


def test_a_thousand_equal_requests_at_once_cost_two_answers_and_none_is_older_than_its_request() -> None:
    """Those that come while one is made wait for the next one."""

    async def scenario(its: Setting) -> None:
        its.process.gate.clear()
        first = asyncio.create_task(its.ask("/book"))
        await until(lambda: its.process.asked)
        its.now = its.at(2)
        others = [asyncio.create_task(its.ask("/book")) for _ in range(1000)]
        await asyncio.sleep(0)
        its.now = its.at(3)
        its.process.gate.set()
        assert await first == b"book at 1"
        assert set(await asyncio.gather(*others)) == {b"book at 3"}
        assert len(its.process.asked) == 2

    run(scenario)


def test_requests_of_different_clients_are_not_the_same() -> None:
    async def scenario(its: Setting) -> None:
        await asyncio.gather(its.ask("/book?a"), its.ask("/book?b"), its.ask("/book?a", "10.0.0.7"))
        assert len(its.process.asked) == 3

    run(scenario)


def test_a_client_that_leaves_takes_nothing_from_others() -> None:
    async def scenario(its: Setting) -> None:
        its.process.gate.clear()
        first, second = (asyncio.create_task(its.ask("/book")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        its.process.gate.set()
        assert await second == b"book at 1"

    run(scenario)


def test_what_all_have_left_before_its_turn_is_not_made() -> None:
    """Or whoever asks, leaves and comes again would have work pile up."""

    async def scenario(its: Setting) -> None:
        its.process.gate.clear()
        first = asyncio.create_task(its.ask("/book"))
        await until(lambda: its.process.asked)
        others = [asyncio.create_task(its.ask(f"/book?{number}")) for number in (*range(100), 0)]
        await asyncio.sleep(0)
        for one in others[:100]:
            one.cancel()
        await asyncio.sleep(0)
        again = asyncio.create_task(its.ask("/book?7"))
        await asyncio.sleep(0)
        its.process.gate.set()
        assert set(await asyncio.gather(first, others[100], again)) == {b"book at 1"}
        assert len(its.process.asked) == 3

    run(scenario)


def test_large_requests_are_not_kept_beyond_a_bound() -> None:
    """With what a client sends, there would be room for 256 of a megabyte."""

    async def scenario(its: Setting) -> None:
        tracemalloc.start()
        try:
            for number in range(60):
                request = HttpRequest("GET", "/book", body=b"%07d" % number * 150_000)
                await its.derived.answer(request, HERE, its.now)
            assert tracemalloc.get_traced_memory()[0] < 48 << 20
        finally:
            tracemalloc.stop()

    run(scenario)


def test_a_defect_is_told_without_what_was_asked_and_not_kept() -> None:
    async def scenario(its: Setting) -> None:
        made = await its.derived.answer(HttpRequest("GET", "/bug"), HERE, its.now)
        assert made.answer is None
        assert "KeyError in line " in made.defect
        assert "test_derived_answers.py" in made.defect
        assert "secret" not in made.defect

    run(scenario)


def test_closing_waits_for_nobody() -> None:
    async def scenario(its: Setting) -> None:
        its.process.gate.clear()
        asking = asyncio.create_task(its.ask("/book"))
        await until(lambda: its.process.asked)
        its.derived.close()
        await asking

    begin = time.monotonic()
    run(scenario)
    assert time.monotonic() - begin < 60
