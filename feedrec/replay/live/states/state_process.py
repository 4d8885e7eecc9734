"""
The process that knows the states: `python -m feedrec.replay.live.states.state_process PLAN`.

Its standard input is a socket: the recorder sends parcels there, and is told what to log. Where that ends, it does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import cast

import msgspec

from ....errors import FeedrecError
from ....live_messages import Parcels, Ready, ServePlan, told_line
from ..private_folder import remove_if_orphaned
from ..told_log import ToldLog
from .answering import StateAnswers
from .market_now import MarketNow

__all__ = ["main"]

_NICENESS = 5  # the recorder goes first, and who serves


class _Intake(asyncio.Protocol):
    """
    Takes in what the recorder sends.

    Args:
        market: What it is given to.
        over: Set when nothing more will come, or none of it can be of use: then it has the reason.

    """

    def __init__(self, market: MarketNow, over: asyncio.Future[str]) -> None:
        self._market, self._over = market, over
        self._parcels = Parcels()

    def data_received(self, data: bytes) -> None:
        try:
            for parcel in self._parcels.feed(data):
                self._market.take(parcel)
        except Exception as error:  # noqa: BLE001  the loop would only log it
            _end_with(self._over, f"what the recorder says is not understood: {error}")
        self._market.look()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002  whyever it is gone
        _end_with(self._over, "")


async def _serve(plan: ServePlan, recorder: socket.socket) -> int:
    """Know the states until the recorder is gone; return the exit code."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[str] = loop.create_future()
    market = MarketNow(plan.feeds, lambda error: _end_with(over, f"states cannot be known: {error}"))
    answers = StateAnswers(market, Path(plan.states))
    await answers.listen()
    transport, _ = await loop.create_connection(lambda: _Intake(market, over), sock=recorder)
    writer = cast(asyncio.WriteTransport, transport)
    logging.basicConfig(
        level=logging.INFO, handlers=[ToldLog(lambda line: loop.call_soon_threadsafe(writer.write, line))]
    )
    writer.write(told_line(Ready([])))
    failure = await over
    market.close()
    answers.close()
    if failure:
        print(failure, file=sys.stderr)  # noqa: T201  the recorder logs the last line
    return 1 if failure else 0


def _end_with(over: asyncio.Future[str], reason: str) -> None:
    if not over.done():
        over.set_result(reason)


def main() -> None:
    """Be the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # is for the recorder, which ends this one
    os.nice(_NICENESS)
    try:
        plan = msgspec.json.decode(sys.argv[1], type=ServePlan)
        try:
            code = asyncio.run(_serve(plan, socket.socket(fileno=os.dup(0))))
        finally:
            remove_if_orphaned(plan)
    except (FeedrecError, OSError, ValueError, IndexError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        code = 1
    sys.stderr.flush()
    os._exit(code)  # a thread may be amid a file


if __name__ == "__main__":
    main()
