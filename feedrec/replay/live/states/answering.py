"""Answers who asks for states, over a local socket: one after another may come."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from .market_now import MarketNow
from .state_messages import StateAnswer, StateRequest, encoded, read_request

__all__ = ["StateAnswers"]


class StateAnswers:
    """
    Listens at a path, which nobody else may use.

    Args:
        market: Knows the states.
        path: The path; what a process has left there that was killed is removed.

    """

    def __init__(self, market: MarketNow, path: Path) -> None:
        self._market, self._path = market, path
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Listen; raises OSError if that cannot be."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._path)

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        turn = asyncio.Lock()
        answers = set[asyncio.Task[None]]()
        try:
            with contextlib.suppress(OSError, ValueError):  # what is no request ends the connection
                while line := await reader.readline():
                    answer = asyncio.create_task(self._answer(read_request(line), writer, turn))
                    answers.add(answer)
                    answer.add_done_callback(answers.discard)
        finally:
            for answer in answers:
                answer.cancel()
            writer.close()

    async def _answer(self, request: StateRequest, writer: asyncio.StreamWriter, turn: asyncio.Lock) -> None:
        """Answer, each snapshot when the one before is on its way: others have their turn between."""
        place, keys, time, after = request.feed, request.keys, request.time, request.after
        try:
            number, snapshots = await self._market.snapshots(place, keys, time, after)
        except IndexError:
            writer.close()
            return
        with contextlib.suppress(OSError):
            async with turn:
                sizes = [None if one is None else len(one) for one in snapshots]
                writer.write(encoded(StateAnswer(place, number, sizes)))
                for one in snapshots:
                    if one:
                        writer.write(one)
                        await writer.drain()
