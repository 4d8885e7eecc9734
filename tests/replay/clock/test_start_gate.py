"""Clients pass together once they are enough."""

from __future__ import annotations

import asyncio

from feedrec.replay.clock.start_gate import StartGate


async def others_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_all_pass_when_the_last_of_them_has_come() -> None:
    async def scene() -> None:
        gate = StartGate(3)
        first = [asyncio.create_task(gate.passed()) for _ in range(2)]
        await others_run()
        assert (gate.waiting, gate.is_open, [task.done() for task in first]) == (2, False, [False, False])
        await gate.passed()
        await others_run()
        assert all(task.done() for task in first)
        assert (gate.waiting, gate.is_open) == (0, True)
        await gate.passed()  # so does whoever comes later

    asyncio.run(scene())


def test_one_that_has_left_is_not_waited_with() -> None:
    async def scene() -> None:
        gate = StartGate(2)
        left = asyncio.create_task(gate.passed())
        await others_run()
        left.cancel()
        await others_run()
        stays = asyncio.create_task(gate.passed())
        await others_run()
        assert (gate.waiting, stays.done()) == (1, False)
        stays.cancel()

    asyncio.run(scene())


def test_a_gate_for_one_holds_nobody() -> None:
    asyncio.run(StartGate().passed())


def test_when_it_is_shut_those_who_passed_are_gone_and_the_next_wait() -> None:
    """Also when it is shut before they have noticed that it is open."""

    async def scene() -> None:
        gate = StartGate(2)
        pair = [asyncio.create_task(gate.passed()) for _ in range(2)]
        await asyncio.sleep(0)
        gate.shut()
        await asyncio.gather(*pair)
        later = asyncio.create_task(gate.passed())
        await others_run()
        assert not later.done()
        later.cancel()

    asyncio.run(scene())
