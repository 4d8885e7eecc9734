"""How the serving process asks for states, and has clients wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from feedrec.replay.live.states.asking import States
from feedrec.replay.live.states.state_messages import StateAnswer, StateRequest, encoded, read_request

from ....timing import HANG_TIMEOUT, until

BOOK, TICKER = ("level2", "A"), ("ticker", "A")


class Knowing:
    """The other end: it notes what it is asked, and answers when it is told to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.requests: list[StateRequest] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        while line := await reader.readline():
            self.requests.append(read_request(line))

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_unix_server(self._serve, self.path)
        try:
            yield
        finally:
            server.close()
            for writer in self.writers:
                writer.close()
            self.path.unlink(missing_ok=True)  # Python 3.13 does it

    def say(self, data: bytes) -> None:
        self.writers[-1].write(data)

    def answer(self, number: int, *snapshots: bytes | None, feed: int = 0) -> None:
        sizes = [None if one is None else len(one) for one in snapshots]
        self.say(b"".join([encoded(StateAnswer(feed, number, sizes)), *(one for one in snapshots if one)]))


def asking(folder: Path, scenario: Callable[[States, Knowing], Awaitable[None]]) -> None:
    """Run what is done with both ends."""

    async def run() -> None:
        async with asyncio.timeout(HANG_TIMEOUT):
            knowing, states = Knowing(folder / "states"), States(folder / "states")
            async with knowing.listening():
                await scenario(states, knowing)
            await states.close()

    asyncio.run(run())


def test_the_answer_says_as_of_which_number_it_is(tmp_path: Path) -> None:
    async def scenario(states: States, knowing: Knowing) -> None:
        asked = asyncio.create_task(states.ask(0, [TICKER, BOOK], 17, 3))
        await until(lambda: knowing.requests)
        assert knowing.requests == [StateRequest(0, [BOOK, TICKER], 17, 3)]
        book = bytes(range(256)) * 20_000
        knowing.answer(4, book, None)
        assert await asked == (4, {BOOK: book, TICKER: None})

    asking(tmp_path, scenario)


def test_who_asks_meanwhile_shares_the_next_request(tmp_path: Path) -> None:
    async def scenario(states: States, knowing: Knowing) -> None:
        first = asyncio.create_task(states.ask(0, [BOOK], 1, 1))
        await until(lambda: knowing.requests)
        second = asyncio.create_task(states.ask(0, [BOOK], 5, 2))
        third = asyncio.create_task(states.ask(0, [TICKER], 4, 9))
        of_other_feed = asyncio.create_task(states.ask(1, [TICKER], 4, 9))
        gone = asyncio.create_task(states.ask(0, [("status", "")], 4, 9))
        await until(lambda: len(knowing.requests) == 2)
        gone.cancel()
        knowing.answer(2, b"other", feed=1)
        knowing.answer(1, b"old")
        assert await first == (1, {BOOK: b"old"})
        assert await of_other_feed == (2, {TICKER: b"other"})
        await until(lambda: len(knowing.requests) == 3)
        assert knowing.requests[2] == StateRequest(0, [BOOK, TICKER], 5, 9)
        knowing.answer(9, b"new", b"last")
        assert await second == (9, {BOOK: b"new"})
        assert await third == (9, {TICKER: b"last"})

    asking(tmp_path, scenario)


def test_a_process_that_ends_amid_an_answer_is_asked_again_when_it_is_back(tmp_path: Path) -> None:
    async def scenario(states: States, knowing: Knowing) -> None:
        asked = asyncio.create_task(states.ask(0, [BOOK], 1, 1))
        await until(lambda: knowing.requests)
        knowing.say(encoded(StateAnswer(0, 1, [10])) + b"half")
        knowing.writers[-1].close()
        await until(lambda: len(knowing.requests) == 2)
        knowing.answer(7, b"whole")
        assert await asked == (7, {BOOK: b"whole"})

    asking(tmp_path, scenario)


@pytest.mark.parametrize("said", [b"nonsense\n", encoded(StateAnswer(3, 1, [])), encoded(StateAnswer(0, 1, [1, 2, 3]))])
def test_what_is_no_answer_is_as_if_the_process_had_ended(tmp_path: Path, said: bytes) -> None:
    async def scenario(states: States, knowing: Knowing) -> None:
        asked = asyncio.create_task(states.ask(0, [BOOK], 1, 1))
        await until(lambda: knowing.requests)
        knowing.say(said)
        await until(lambda: len(knowing.requests) == 2)
        knowing.answer(2, b"")
        assert await asked == (2, {BOOK: b""})

    asking(tmp_path, scenario)


def test_a_process_that_does_not_listen_yet_is_waited_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        knowing, states = Knowing(tmp_path / "states"), States(tmp_path / "states")
        asked = asyncio.create_task(states.ask(0, [BOOK], 1, 1))
        await asyncio.sleep(0.01)
        async with knowing.listening():
            await until(lambda: knowing.requests)
            knowing.answer(2, b"true")
            assert await asked == (2, {BOOK: b"true"})
        await states.close()

    asyncio.run(scenario())


def test_closing_ends_all_waiting(tmp_path: Path) -> None:
    async def scenario(states: States, knowing: Knowing) -> None:
        asked = asyncio.create_task(states.ask(0, [BOOK], 1, 1))
        await until(lambda: knowing.requests)
        waiting = asyncio.create_task(states.ask(0, [BOOK], 1, 1))
        await asyncio.sleep(0)
        await states.close()
        for one in (asked, waiting):
            with pytest.raises(asyncio.CancelledError):
                await one

    asking(tmp_path, scenario)
