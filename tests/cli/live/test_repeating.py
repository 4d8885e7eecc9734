"""What is repeated while a recording runs never ends it."""

from __future__ import annotations

import asyncio

import pytest

from feedrec.cli.live.repeating import repeating

from ...timing import HANG_TIMEOUT


def repeated(raised: Exception, times: int) -> None:
    """Have a function called so often that raises an error each time."""
    calls = 0

    async def repeat() -> None:
        enough = asyncio.Event()

        def fail() -> None:
            nonlocal calls
            calls += 1
            if calls >= times:
                enough.set()
            raise raised

        async with repeating(fail, 0.0):
            await enough.wait()

    asyncio.run(repeat())


@pytest.mark.parametrize(("error", "lines"), [(ValueError("a defect"), 1), (OSError("the terminal is closed"), 0)])
def test_what_fails_is_called_again_and_said_once(
    error: Exception, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    repeated(error, 3)
    told = [one for one in caplog.messages if "cannot be shown" in one]
    assert len(told) == lines
    assert all("a defect" in one for one in told)


def test_what_is_woken_does_not_wait_for_its_time() -> None:
    async def repeat() -> None:
        called, woken = asyncio.Event(), asyncio.Event()
        async with repeating(called.set, HANG_TIMEOUT * 2, woken=woken):
            for _ in range(3):
                called.clear()
                woken.set()
                await asyncio.wait_for(called.wait(), HANG_TIMEOUT)

    asyncio.run(repeat())
