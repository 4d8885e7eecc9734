"""What keys ask for becomes calls of the steering."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import Any, cast

import pytest

from feedrec.cli.replaying.player.carrying_out import CarryingOut
from feedrec.cli.replaying.player.orders import ORDERS
from feedrec.replay import Steering
from feedrec.replay.steering.status import State

from ....timing import until
from .steered import START, Steered

SECOND = 1_000_000_000


async def pressed(steered: Steered, *keys: str, said: list[str] | None = None, calls: int | None = None) -> None:
    """Press keys one after another, and wait for so many calls."""
    orders = CarryingOut(cast(Steering, steered), (said if said is not None else []).append)
    task = asyncio.create_task(orders.go_on())
    for key in keys:
        orders.take(ORDERS[key])
    await until(lambda: len(steered.calls) >= (calls or 0))
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def calls_after(*keys: str, calls: int = 1, **how: Any) -> list[tuple[Any, ...]]:
    async def scene() -> list[tuple[Any, ...]]:
        steered = Steered(**how)
        await pressed(steered, *keys, calls=calls)
        return steered.calls

    return asyncio.run(scene())


@pytest.mark.parametrize(
    ("keys", "call"),
    [
        (["right"], ("seek", 25.0)),
        (["left"], ("seek", 15.0)),
        (["up"], ("seek", 80.0)),
        (["down"], ("seek", -40.0)),
        (["0"], ("seek", 0.0)),
        (["7"], ("seek", 70.0)),
        (["."], ("step", 1)),
        (["s", ".", "s"], ("step", 3)),
        (["right", "right", "left"], ("seek", 25.0)),
        (["right", "9"], ("seek", 90.0)),
    ],
)
def test_keys_lead_elsewhere(keys: list[str], call: tuple[Any, ...]) -> None:
    """What is asked for before the first is carried out is one order."""
    assert calls_after(*keys) == [call]


def test_before_anybody_is_there_it_is_the_beginning() -> None:
    assert calls_after("right", present=None) == [("seek", 5.0)]


def test_after_the_end_back_is_from_the_end() -> None:
    """Time goes on there for clients that are held, but there is nothing."""
    assert calls_after("left", present=START + 3600 * SECOND) == [("seek", 95.0)]


def test_each_client_goes_on_from_where_it_is_if_each_has_its_own_time() -> None:
    async def scene() -> None:
        steered = Steered(has_one=False)
        steered.presents = [START + 10 * SECOND, None, START + 50 * SECOND]
        await pressed(steered, "right", calls=2)
        assert steered.calls == [("seek", 15.0, 1), ("seek", 55.0, 3)]
        steered.calls.clear()
        await pressed(steered, "5", calls=1)
        assert steered.calls == [("seek", 50.0)]

    asyncio.run(scene())


def test_a_pause_and_a_speed_do_not_wait_for_what_is_under_way() -> None:
    """What else is asked for meanwhile is joined."""

    async def scene() -> None:
        steered = Steered()
        steered.may_go_on.clear()
        said: list[str] = []
        orders = CarryingOut(cast(Steering, steered), said.append)
        task = asyncio.create_task(orders.go_on())
        orders.take(ORDERS["right"])
        await until(lambda: len(steered.calls) == 1)
        for key in ("right", "right", " ", "+", "+"):
            orders.take(ORDERS[key])
        assert steered.calls == [("seek", 25.0), ("pause",)]
        assert steered.speed == 4.0
        steered.may_go_on.set()
        await until(lambda: len(steered.calls) == 3)
        assert steered.calls[-1] == ("seek", 30.0)
        assert said == []
        task.cancel()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("state", "is_paused", "call"),
    [
        ("playing", False, "pause"),
        ("playing", True, "pause"),  # one client of several
        ("paused", True, "resume"),
        ("paused", False, "resume"),  # after a step
        ("waiting", False, "pause"),
        ("waiting", True, "resume"),
        ("ended", True, "resume"),
    ],
)
def test_space_does_what_time_does_not(state: State, is_paused: bool, call: str) -> None:  # noqa: FBT001
    async def scene() -> None:
        steered = Steered()
        steered.state, steered.is_paused = state, is_paused
        await pressed(steered, " ")
        assert steered.calls == [(call,)]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("keys", "speed"), [("+", 2.0), ("==", 4.0), ("-", 0.5), (["+", "backspace"], 1.0), ("+" * 11, math.inf)]
)
def test_speeds(keys: str | list[str], speed: float) -> None:
    async def scene() -> None:
        steered = Steered()
        await pressed(steered, *keys)
        assert steered.speed == speed

    asyncio.run(scene())


def test_why_something_cannot_be_done_is_said_and_the_next_key_works() -> None:
    async def scene() -> None:
        steered = Steered()
        steered.refusal = "step needs a replay that ends"
        said: list[str] = []
        orders = CarryingOut(cast(Steering, steered), said.append)
        task = asyncio.create_task(orders.go_on())
        orders.take(ORDERS["."])
        await until(lambda: said == ["step needs a replay that ends"])
        steered.refusal, steered.end = "", None
        orders.take(ORDERS["5"])
        await until(lambda: len(said) == 2)
        assert "nobody knows a tenth of its duration" in said[1]
        orders.take(ORDERS["s"])
        await until(lambda: steered.calls == [("step", 1)])
        task.cancel()

    asyncio.run(scene())
