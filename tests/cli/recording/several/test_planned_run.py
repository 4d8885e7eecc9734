"""What keeps a run of a feed from beginning is told to those who watch, and to the fleet."""

from __future__ import annotations

import asyncio
import atexit
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from feedrec.cli.recording.output import Output
from feedrec.cli.recording.several import planned_run
from feedrec.cli.recording.several.planned_run import PlannedRun
from feedrec.errors import ConnectError, RecordingExistsError
from feedrec.feeds import find_feed
from feedrec.recorder import Progress
from feedrec.recorder.output.counting_writer import Counts
from feedrec.recorder.watching.incidents import Incident, Incidents
from feedrec.recorder.watching.process_watch import ProcessWatch

from ....timing import HANG_TIMEOUT


@pytest.mark.parametrize("step", ["prepare", "open"])
def test_what_fails_before_there_is_a_session_is_told(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error = ConnectError("no list of products") if step == "prepare" else RecordingExistsError("x.jsonl", "exists")

    async def fail(*_: Any, **__: Any) -> None:
        raise error

    def fail_at_once(*_: Any) -> None:
        raise error

    monkeypatch.setattr(planned_run, "with_products", fail)
    monkeypatch.setattr(planned_run, "FeedRun", fail_at_once)
    told, incidents = list[Incident](), Incidents()
    incidents.listen(told.append)
    services = SimpleNamespace(watch=ProcessWatch(incidents), rates=None)
    services.watch.expect({"a": "coinbase-advanced"})
    source = SimpleNamespace(feed=find_feed("coinbase-advanced"), subscriptions=[])
    plan: Any = SimpleNamespace(name="a", source=source, options=SimpleNamespace(source=SimpleNamespace(yes=False)))
    run = PlannedRun(plan, services)  # type: ignore[arg-type]
    with pytest.raises(type(error)):
        asyncio.run(getattr(run, step)())
    assert [(one.feed, one.kind, one.text) for one in told] == [("a", "ended", f"the recording has ended: {error}")]


def test_nothing_is_kept_of_a_run_that_never_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each attempt of weeks would stay in memory, with all that it knew of the files of the feed."""
    order, is_over = list[str](), threading.Event()

    def unregister(_: Any) -> None:
        order.append("unregister")
        is_over.set()

    def finish() -> None:
        order.append("finish")
        raise RecordingExistsError("x.jsonl", "its command has not succeeded")

    async def run_in_vain() -> None:
        raise ConnectError("nobody listens")

    monkeypatch.setattr(atexit, "unregister", unregister)
    chain = SimpleNamespace(finish=finish, give_up=None)
    session = SimpleNamespace(run=run_in_vain, progress=Progress("connecting", 1.0, Counts(), 0))
    run = PlannedRun(SimpleNamespace(source=None), SimpleNamespace())  # type: ignore[arg-type]
    run._run = SimpleNamespace(session=session, output=Output(None, chain))  # type: ignore[assignment, arg-type]
    with pytest.raises(ConnectError):
        asyncio.run(run.record())
    assert is_over.wait(HANG_TIMEOUT)
    assert order == ["finish", "unregister"]
