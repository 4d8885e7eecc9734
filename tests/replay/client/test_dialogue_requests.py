"""Requests in a dialogue are answered in their time."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.model import NANOSECONDS
from feedrec.replay import DialogueFailure, Observer
from feedrec.replay.client.dialogue_requests import DialogueRequests
from feedrec.replay.clock.tempo import Tempo
from feedrec.replay.clock.timing import Timing
from feedrec.replay.dialogue.exchanges import Exchanges
from feedrec.replay.dialogue.recorded import RecordedExchange

from ..clocks import VirtualTime

EXCHANGE = RecordedExchange("request 1", 0, 100, 100 + 3 * NANOSECONDS, "GET", "/a", HttpAnswer(200, b"{}"))


class Heard(Observer):
    """Notes requests."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, int, int | None]] = []
        self.failures: list[DialogueFailure] = []

    def on_request(self, request: HttpRequest, answer: HttpAnswer, time: int | None) -> None:
        self.requests.append((request.target, answer.status, time))

    def on_request_failed(self, failure: DialogueFailure) -> None:
        self.failures.append(failure)


def answering(clock: VirtualTime, speed: float = 1.0) -> tuple[DialogueRequests, Tempo, Heard, list[DialogueFailure]]:
    tempo = Tempo(speed, clock.clock)
    heard, failures = Heard(), list[DialogueFailure]()
    timing = Timing(tempo, clock.clock, clock.sleep)
    return DialogueRequests(Exchanges([EXCHANGE]), timing, heard, failures.append), tempo, heard, failures


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 3.0), (10.0, 0.3), (math.inf, 0.0)])
def test_an_answer_takes_as_long_as_when_it_was_recorded(speed: float, seconds: float) -> None:
    """At the speed; it is known before that what it is."""
    clock = VirtualTime()
    requests, _, heard, failures = answering(clock, speed)
    started = clock.now
    assert asyncio.run(requests.answer(HttpRequest("GET", "/a"))) == HttpAnswer(200, b"{}")
    assert clock.now - started == pytest.approx(seconds * NANOSECONDS, abs=1_000_000)
    assert heard.requests == [("/a", 200, EXCHANGE.time)]
    assert not failures


def test_a_request_that_was_not_recorded_is_refused_at_once() -> None:
    clock = VirtualTime()
    requests, _, heard, failures = answering(clock)
    answer = asyncio.run(requests.answer(HttpRequest("GET", "/b")))
    assert answer.status == 404
    assert answer.body.startswith(b"GET /b was not recorded (request 1)\n--- recorded\n")
    assert heard.requests == [("/b", 404, None)]
    assert [failure.kind for failure in failures] == ["request"]
    assert heard.failures == failures


def test_no_answer_comes_while_time_stands() -> None:
    async def scenario() -> Any:
        clock = VirtualTime()
        requests, tempo, _, _ = answering(clock, math.inf)
        tempo.pause()
        answering_it = asyncio.ensure_future(requests.answer(HttpRequest("GET", "/a")))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not answering_it.done()
        tempo.resume()
        return await answering_it

    assert asyncio.run(scenario()).status == 200
