"""What wakes a sleeper early."""

from __future__ import annotations

import asyncio

from feedrec.replay.clock.alarm import Alarm

from ...timing import HANG_TIMEOUT, MS


def test_a_sleeper_wakes_when_it_rings_or_in_time() -> None:
    """What rang before anyone slept is heard once, however often it rang."""
    alarm = Alarm()

    async def scenario() -> None:
        alarm.ring()
        alarm.ring()
        await alarm.sleep(HANG_TIMEOUT)
        await alarm.sleep(5 * MS)
        sleeping = asyncio.create_task(alarm.sleep(HANG_TIMEOUT))
        await asyncio.sleep(0)
        assert not sleeping.done()
        alarm.ring()
        alarm.ring()
        await sleeping

    asyncio.run(asyncio.wait_for(scenario(), HANG_TIMEOUT / 2))
