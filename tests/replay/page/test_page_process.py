"""A process answers one question after another, and only the latest of each page counts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from feedrec.replay.page import page_process
from feedrec.replay.page.page_messages import Answered, PageTask, Question
from feedrec.replay.page.page_process import PageProcess

from ...cli.command import DEMO
from ...timing import HANG_TIMEOUT, until

TASK = PageTask([str(DEMO)])
INFO = Question("info")


def run(test: Callable[[PageProcess], Awaitable[None]]) -> None:
    async def use() -> None:
        process = PageProcess(TASK)
        try:
            async with asyncio.timeout(HANG_TIMEOUT):
                await test(process)
        finally:
            process.close()

    asyncio.run(use())


class Slow:
    """In place of a process, one that answers when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Question] = []
        self.stopped: list[Question] = []
        self.go_on = asyncio.Event()
        monkeypatch.setattr(asyncio, "to_thread", self._answer)

    async def _answer(self, _: object, asked: page_process._Asked) -> Answered:
        self.asked.append(asked.question)
        await self.go_on.wait()
        if asked.stopped.is_set():
            self.stopped.append(asked.question)
        return Answered(200, asked.question.kind.encode())


def question(kind: str, number: int) -> Question:
    return Question(kind, (("at", str(number)),))


def test_it_answers_and_stays() -> None:
    async def test(process: PageProcess) -> None:
        first = await process.ask(INFO, "")
        assert json.loads(first.body)["has_book"] == ["BTC-USD", "ETH-USD"]
        worker = process._worker
        assert worker is not None
        assert (await process.ask(Question("frame", (("key", "x"),)), "")).status == 400
        assert process._worker is worker

    run(test)


def test_a_process_that_is_gone_is_started_again() -> None:
    async def test(process: PageProcess) -> None:
        await process.ask(INFO, "")
        assert process._worker is not None
        process._worker._process.kill()
        process._worker._process.wait()
        assert (await process.ask(INFO, "")).status == 200

    run(test)


def test_where_there_can_be_no_process_a_thread_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")

    async def test(process: PageProcess) -> None:
        assert json.loads((await process.ask(INFO, "")).body)["grows"] is False

    run(test)


def test_a_later_question_of_a_page_takes_the_place_of_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(process: PageProcess) -> None:
        slow = Slow(monkeypatch)
        asked = [asyncio.ensure_future(process.ask(question("frames", 0), "a"))]
        await asyncio.sleep(0)
        for number in (1, 2, 3):
            asked.append(asyncio.ensure_future(process.ask(question("frames", number), "a")))
            await asyncio.sleep(0)
        others = [asyncio.ensure_future(process.ask(question(kind, at), view)) for kind, at, view in OTHERS]
        await asyncio.sleep(0)
        slow.go_on.set()
        assert [one.status for one in await asyncio.gather(*asked)] == [409, 409, 409, 200]
        assert [one.status for one in await asyncio.gather(*others)] == [200, 200]
        assert slow.asked == [question("frames", number) for number in (0, 3)] + [
            question(kind, at) for kind, at, _ in OTHERS
        ]
        assert slow.stopped == [question("frames", 0)]
        assert process._latest == {}

    run(test)


OTHERS = [("frames", 9, "b"), ("overview", 9, "a")]


def test_equal_questions_get_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(process: PageProcess) -> None:
        slow = Slow(monkeypatch)
        asked = [asyncio.ensure_future(process.ask(INFO, "")) for _ in range(5)]
        await asyncio.sleep(0)
        slow.go_on.set()
        assert [one.status for one in await asyncio.gather(*asked)] == [200] * 5
        assert slow.asked == [INFO]

    run(test)


def test_whoever_leaves_takes_the_answer_from_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(process: PageProcess) -> None:
        slow = Slow(monkeypatch)
        asked = [asyncio.ensure_future(process.ask(INFO, "")) for _ in range(2)]
        await asyncio.sleep(0)
        asked[0].cancel()
        await asyncio.sleep(0)
        slow.go_on.set()
        assert (await asked[1]).status == 200

    run(test)


def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(process: PageProcess) -> None:
        slow = Slow(monkeypatch)
        asked = [asyncio.ensure_future(process.ask(INFO, str(number))) for number in range(40)]
        await asyncio.sleep(0)
        slow.go_on.set()
        assert [one.status for one in await asyncio.gather(*asked)] == [200] * 32 + [503] * 8

    run(test)


def test_one_that_does_not_stop_is_ended_with_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_process, "_PATIENCE", 0.0)

    async def test(process: PageProcess) -> None:
        await process.ask(INFO, "")
        stuck = process._worker
        assert stuck is not None
        stuck._process.send_signal(signal.SIGSTOP)
        first = asyncio.ensure_future(process.ask(question("ladder", 1), ""))
        await until(lambda: process._running is not None and process._running.question.kind == "ladder")
        second = await process.ask(question("ladder", 2), "")
        assert ((await first).status, second.status) == (409, 200)
        assert process._worker is not stuck

    run(test)


def test_a_ladder_is_told_ten_times_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(process: PageProcess) -> None:
        slow, waited, time = Slow(monkeypatch), list[float](), 5.0

        async def sleep(seconds: float) -> None:
            nonlocal time
            waited.append(round(seconds, 2))
            time += seconds

        slow.go_on.set()
        monkeypatch.setattr(asyncio, "sleep", sleep)
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: time)
        asked = [(question(kind, 1), view) for kind in ("ladder", "frames") for view in "abcd"]
        await asyncio.gather(*(process.ask(*one) for one in asked))
        assert waited == [0.1, 0.1, 0.1]

    run(test)


def test_a_file_whose_name_is_no_text_can_be_looked_at(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\x1b.jsonl.zst")
    shutil.copy(DEMO, path)

    async def use(path: Path) -> Answered:
        with contextlib.closing(PageProcess(PageTask([str(path)]))) as process:
            return await process.ask(INFO, "")

    assert json.loads(asyncio.run(use(path)).body)["files"] == ["caf\ufffd\\x1b.jsonl.zst"]
    path.unlink()
    missing = asyncio.run(use(path))
    assert (missing.status, b"no such file" in missing.body) == (503, True)
