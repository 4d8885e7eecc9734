"""Why a connection is left."""

from __future__ import annotations

import asyncio

from feedrec.recorder.session.handover.reasons import Leaving, age_limit


def test_connections_that_were_opened_together_are_not_left_together() -> None:
    assert age_limit(None, 0.5) is None
    assert [round(age_limit(100.0, uniform) or 0, 6) for uniform in (0.0, 0.5, 1.0)] == [98.0, 94.0, 90.0]


def test_the_first_reason_stands_until_it_is_withdrawn() -> None:
    async def go() -> None:
        leaving = Leaving()
        await leaving.wait(0)
        leaving.ask("the venue says so")
        await leaving.wait(None)
        assert leaving.reason == "its age"
        leaving.withdraw()
        leaving.ask("another endpoint")
        await leaving.wait(None)
        assert leaving.reason == "another endpoint"

    asyncio.run(go())
