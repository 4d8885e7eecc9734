"""An event loop in a thread: what is run in it, and how it ends."""

from __future__ import annotations

import asyncio
import threading

import pytest

from feedrec.testing import LoopThread

from ..timing import MS, wait_until


async def _name() -> str:
    return threading.current_thread().name


def test_what_is_run_runs_there_and_its_result_comes_back() -> None:
    with LoopThread() as thread:
        assert thread.run(_name()) == "feedrec-testing"


def test_an_error_comes_back_too() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    with LoopThread() as thread, pytest.raises(ZeroDivisionError):
        thread.run(fail())


def test_what_takes_too_long_is_cancelled() -> None:
    ended = threading.Event()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with LoopThread() as thread:
        with pytest.raises(TimeoutError):
            thread.run(wait(), timeout=MS)
        wait_until(ended.is_set)


def test_what_still_runs_is_cancelled_at_the_end() -> None:
    cancelled = threading.Event()

    async def begin() -> asyncio.Task[None]:
        async def wait() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        return task

    with LoopThread() as thread:
        task = thread.run(begin())
    assert cancelled.is_set()
    assert task.cancelled()
    thread.close()


def test_a_closed_one_or_its_own_thread_cannot_be_waited_for() -> None:
    with LoopThread() as thread:

        async def wait_for_itself() -> None:
            thread.run(_name())

        with pytest.raises(RuntimeError, match="its own thread"):
            thread.run(wait_for_itself())
    with pytest.raises(RuntimeError, match="closed"):
        thread.run(_name())
