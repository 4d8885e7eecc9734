"""One run of a feed of a configuration, in the order in which a fleet carries it out; see `FleetRun`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from ....recorder import Progress, Source, Summary
from ....recorder.fleet.fleet_run import Result
from ....threads import thread_for
from ..config.config_file import FeedPlan
from ..feed_run import FeedRun
from ..options.product_options import with_products
from ..run_services import RunServices

__all__ = ["PlannedRun"]

log = logging.getLogger("feedrec")

_Value = TypeVar("_Value")


class PlannedRun:
    """
    A run by a plan.

    Args:
        plan: What is recorded.
        services: What all runs of the process share.

    """

    def __init__(self, plan: FeedPlan, services: RunServices) -> None:
        self._plan, self._services = plan, services
        self._source: Source = plan.source
        self._run: FeedRun | None = None

    @property
    def progress(self) -> Progress | None:
        return None if self._run is None else self._run.session.progress

    async def prepare(self) -> bool:
        source, yes = self._plan.source, self._plan.options.source.yes
        with self._told_if_it_fails():
            here = await with_products(source, yes=yes, rates=self._services.rates)
        if here is None:
            log.info("shard %s has nothing of it", source.shard)
            if self._services.watch is not None:
                self._services.watch.forget(self._plan.name)
            return False
        self._source = here
        return True

    async def open(self) -> None:
        if plan := self._source.feed.plan_of(self._source.subscriptions):
            log.info("%s", plan)
        # In a thread: a folder may have thousands of files, and other feeds are being recorded meanwhile.
        make = (self._source, self._plan.options, self._services, self._plan.name)
        with self._told_if_it_fails():
            self._run = await asyncio.to_thread(FeedRun, *make)

    async def record(self) -> Result:
        run = self._opened
        try:
            summary = await run.session.run()
        except Exception as error:
            progress = run.session.progress
            if not progress.counts.connections:
                thread_for(run.output.let_go, "feedrec-settle").start()  # the next attempt need not wait for that
                raise
            path, size, facts = str(run.output.writer.path), progress.file_size, run.session.subscribed
            return Result(Summary(path, progress.seconds, progress.counts, size, subscribed=facts), error)
        return Result(summary)

    async def settle(self, result: Result) -> Result:
        run = self._opened
        summary, error = await _in_own_thread(lambda: run.settle(result.summary, result.error))
        return Result(summary, error, run.is_lossy(summary))

    def stop(self) -> None:
        if self._run is not None:
            self._run.session.stop()

    def stop_now(self) -> None:
        if self._run is not None:
            self._run.session.stop_now()

    @contextlib.contextmanager
    def _told_if_it_fails(self) -> Iterator[None]:
        """Tell those who watch of an error before there is a session, which tells of its own."""
        try:
            yield
        except Exception as error:
            if self._services.watch is not None:
                self._services.watch.fail(self._plan.name, error)
            raise

    @property
    def _opened(self) -> FeedRun:
        if self._run is None:
            raise AssertionError("it is opened first")
        return self._run


def _in_own_thread(work: Callable[[], _Value]) -> Awaitable[_Value]:
    """Do something in a thread of its own: those of `to_thread` are few, and this may take an hour."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Value] = loop.create_future()

    def settle(value: _Value | None, error: BaseException | None) -> None:
        if not future.done():
            if error is None:
                future.set_result(value)  # type: ignore[arg-type]  # there is one, unless there is an error
            else:
                future.set_exception(error)

    def run() -> None:
        value: _Value | None = None
        error: BaseException | None = None
        try:
            value = work()
        except Exception as failed:  # noqa: BLE001  it is raised where it is awaited
            error = failed
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:
            return  # the loop is gone: nobody waits any more

    thread_for(run, "feedrec-settle").start()
    return future
