"""The memory that answers share."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import ConnectError
from feedrec.recorder.proxy import answer_budget
from feedrec.recorder.proxy.answer_budget import AnswerBudget

from ...timing import HANG_TIMEOUT
from ..venue import run


@given(st.lists(st.tuples(st.integers(1, 150), st.integers(0, 150), st.booleans()), max_size=20))
def test_everybody_comes_to_their_turn_and_never_is_more_taken_than_there_is(
    answers: list[tuple[int, int, bool]],
) -> None:
    """Whatever they may have, and have in the end, and if some give up while they wait or work."""
    budget, done = AnswerBudget(100), list[int]()

    async def work(number: int, most: int, size: int) -> None:
        share = budget.share()
        try:
            await share.reserve(most)
            assert budget.free >= 0
            await asyncio.sleep(0)
            share.shrink(size)
            share.join()
            share.leave()
            await asyncio.sleep(0)
            done.append(number)
        finally:
            share.leave()

    async def work_all() -> None:
        tasks = [asyncio.create_task(work(number, most, size)) for number, (most, size, _) in enumerate(answers)]
        await asyncio.sleep(0)
        for task, (_, _, gives_up) in zip(tasks, answers, strict=True):
            if gives_up:
                await asyncio.sleep(0)
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(asyncio.wait_for(work_all(), HANG_TIMEOUT))
    assert budget.free == 100
    assert {number for number, one in enumerate(answers) if not one[2]} <= set(done)


def test_first_come_first_served() -> None:
    """A large one is not kept waiting by small ones for ever."""
    budget, order = AnswerBudget(100), list[int]()

    async def take(size: int) -> None:
        order.append(await budget.take(size))

    async def take_all() -> None:
        await take(60)
        waiting = [asyncio.create_task(take(size)) for size in (90, 10)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert order == [60]
        budget.give_back(60)
        await asyncio.gather(*waiting)

    run(take_all())
    assert order == [60, 90, 10]


def test_who_finds_no_room_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_budget, "PATIENCE", 0)
    budget = AnswerBudget(5 << 20)

    async def take() -> None:
        holder, other = budget.share(), budget.share()
        holder._size = await budget.take(1 << 20)
        with pytest.raises(ConnectError, match="no room for an answer: others take 5 MiB"):
            await other.reserve(5 << 20)
        assert (holder.is_refused, other.is_refused) == (False, True)
        other.leave()
        holder.leave()

    run(take())
    assert budget.free == 5 << 20
