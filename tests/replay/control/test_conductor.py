"""Orders are carried out: one after another, and within their time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from msgspec.structs import replace

from feedrec.errors import RecordingError, UsageError
from feedrec.model import NANOSECONDS
from feedrec.replay import Steering
from feedrec.replay.control.conductor import Conductor
from feedrec.replay.control.orders import Order
from feedrec.replay.control.problems import Refused
from feedrec.replay.steering.status import Status
from feedrec.times import Moment

from ...timing import MS, until
from .test_status_document import CLIENT, NOBODY

START = 1_000 * NANOSECONDS


class StillSteering:
    """Steering whose steps and jumps take until they are let go."""

    def __init__(self) -> None:
        self.done: list[tuple[object, ...]] = []
        self.under_way = 0
        self.may_end = asyncio.Event()
        self.error: Exception | None = None

    def status(self) -> Status:
        return replace(NOBODY, clients=[CLIENT])

    def pause(self, client: int | None = None) -> None:
        self._note("pause", client)

    def resume(self, client: int | None = None) -> None:
        self._note("resume", client)

    def set_speed(self, speed: float, client: int | None = None) -> None:
        self._note("speed", speed, client)

    async def step(self, count: int, client: int | None = None) -> int:
        await self._take_time()
        self._note("step", count, client)
        return count - 1

    async def seek(self, moment: int, client: int | None = None) -> None:
        await self._take_time()
        self._note("seek", moment, client)

    def _note(self, *what: object) -> None:
        if self.error is not None:
            raise self.error
        self.done.append(what)

    async def _take_time(self) -> None:
        self.under_way += 1
        assert self.under_way == 1
        try:
            await self.may_end.wait()
        finally:
            self.under_way -= 1


async def carried_out(steering: StillSteering, *orders: Order) -> list[object]:
    conductor = Conductor(cast(Steering, steering), START)
    return list(await asyncio.gather(*map(conductor.carry_out, orders), return_exceptions=True))


def run(scenario: Callable[[StillSteering], Any]) -> None:
    async def with_steering() -> None:
        await scenario(StillSteering())

    asyncio.run(with_steering())


def detail(refused: object) -> tuple[int, str]:
    assert isinstance(refused, Refused)
    return refused.answer.status, json.loads(refused.answer.body)["detail"]


def test_each_order_reaches_what_steers() -> None:
    async def scenario(steering: StillSteering) -> None:
        steering.may_end.set()
        orders = [
            Order("pause"),
            Order("resume", client=2),
            Order("speed", client=2, speed=10.0),
            Order("step", client=2, frames=3),
            Order("seek", to=Moment(5 * NANOSECONDS, "start")),
        ]
        assert await carried_out(steering, *orders) == [{}, {}, {}, {"played": 2}, {}]
        assert sorted(map(str, steering.done)) == sorted(
            map(
                str,
                [
                    ("pause", None),
                    ("resume", 2),
                    ("speed", 10.0, 2),
                    ("step", 3, 2),
                    ("seek", START + 5 * NANOSECONDS, None),
                ],
            )
        )

    run(scenario)


def test_what_takes_time_waits_for_its_turn_and_a_pause_does_not() -> None:
    async def scenario(steering: StillSteering) -> None:
        conductor = Conductor(cast(Steering, steering), START)
        steps = [asyncio.create_task(conductor.carry_out(Order("step", frames=n))) for n in (1, 2)]
        await until(lambda: steering.under_way)
        await conductor.carry_out(Order("pause"))
        assert steering.done == [("pause", None)]
        steering.may_end.set()
        await asyncio.gather(*steps)
        assert steering.done[1:] == [("step", 1, None), ("step", 2, None)]

    run(scenario)


def test_one_whose_time_is_over_is_ended_and_the_next_one_has_its_turn() -> None:
    async def scenario(steering: StillSteering) -> None:
        (ended,) = await carried_out(steering, Order("step", patience=10 * MS))
        status, why = detail(ended)
        assert (status, "the step was ended after" in why) == (504, True)
        assert not steering.under_way
        steering.may_end.set()
        assert await carried_out(steering, Order("step", frames=4)) == [{"played": 3}]

    run(scenario)


def test_one_that_never_had_its_turn_says_so() -> None:
    async def scenario(steering: StillSteering) -> None:
        conductor = Conductor(cast(Steering, steering), START)
        first = asyncio.create_task(conductor.carry_out(Order("step")))
        await until(lambda: steering.under_way)
        with pytest.raises(Refused) as refused:
            await conductor.carry_out(Order("seek", patience=10 * MS))
        status, why = detail(refused.value)
        assert (status, "another step or seek is under way" in why) == (409, True)
        steering.may_end.set()
        await first
        assert steering.done == [("step", 1, None)]

    run(scenario)


def test_one_whose_asker_is_gone_is_ended() -> None:
    async def scenario(steering: StillSteering) -> None:
        conductor = Conductor(cast(Steering, steering), START)
        asked = asyncio.create_task(conductor.carry_out(Order("step")))
        await until(lambda: steering.under_way)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert not steering.under_way

    run(scenario)


@pytest.mark.parametrize(
    ("order", "error", "status", "why"),
    [
        (Order("pause", client=3), None, 404, "there is no client 3: the status lists those that are there"),
        (Order("step"), UsageError("step needs this and that"), 409, "step needs this and that"),
        (Order("resume"), UsageError("not in a dialogue"), 409, "not in a dialogue"),
        (Order("seek"), RecordingError("a.jsonl", "is damaged"), 500, "a.jsonl: is damaged"),
    ],
)
def test_what_cannot_be_done_has_its_status(order: Order, error: Exception | None, status: int, why: str) -> None:
    async def scenario(steering: StillSteering) -> None:
        steering.may_end.set()
        steering.error = error
        (refused,) = await carried_out(steering, order)
        assert detail(refused) == (status, why)

    run(scenario)


def test_a_time_out_of_range_is_a_mistake_of_the_request() -> None:
    async def scenario(steering: StillSteering) -> None:
        (error,) = await carried_out(steering, Order("seek", to=Moment(1 << 70, "start")))
        assert type(error) is UsageError
        assert not steering.done

    run(scenario)
