"""One at a time, in order, and one in each round of the event loop."""

from __future__ import annotations

import asyncio

from feedrec.front.turns import Turns


def test_each_round_of_the_loop_has_one_turn_in_the_order_in_which_they_waited() -> None:
    async def scenario() -> None:
        turns, order, rounds = Turns(), list[str](), 0

        async def take(name: str, times: int) -> None:
            for _ in range(times):
                await turns.wait()
                order.append(name)

        tasks = [asyncio.create_task(take(name, times)) for name, times in (("a", 3), ("b", 1), ("c", 2))]
        while not all(task.done() for task in tasks):
            before = len(order)
            await asyncio.sleep(0)
            assert len(order) <= before + 1
            rounds += 1
        assert order == ["a", "b", "c", "a", "c", "a"]
        assert rounds < 20

    asyncio.run(scenario())


def test_who_is_gone_holds_nobody_up() -> None:
    async def scenario() -> None:
        turns, order = Turns(), list[int]()

        async def take(number: int) -> None:
            await turns.wait()
            order.append(number)

        tasks = [asyncio.create_task(take(number)) for number in range(6)]
        await asyncio.sleep(0)
        for number in (0, 1, 3, 5):
            tasks[number].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == [2, 4]
        await take(7)
        assert order[-1] == 7

    asyncio.run(scenario())
