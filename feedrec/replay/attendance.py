"""Who has been let in: each client's replay, from its connection to its result."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable
from functools import partial

from websockets.asyncio.server import ServerConnection
from websockets.frames import CloseCode

from ..admission.failure import place_of
from ..admission.log_limit import Log, LogLimit, shortened
from ..feeds.venue import Remark
from .client.client import ClientReplay
from .client.connection import ReplayConnection
from .client.meeting import Surroundings, meet
from .dialogue.failure import DialogueFailure
from .rest.audience import Audience
from .results import ClientResult, ReplayTotal, Tally
from .venue.endpoints import Endpoint

__all__ = ["Attendance"]

MOST_FAILURES = 100
"""Failures of dialogues that are kept, the last one apart."""


class Attendance:
    """
    The clients of a server.

    Args:
        log: Takes log lines about them, as far as they are not too many.
        on_client_end: Called with the result of each client when its connection is closed.

    Attributes:
        audience: Those who are connected, for whoever answers requests.
        is_over: Set once no client is connected, and none will come.
        failures: What clients said or did in a dialogue that was not recorded.
        has_failed: Whether a replay ended because of a bug in feedrec.
        has_lacked: Whether a client's request failed, or was refused.

    """

    def __init__(self, log: Log, on_client_end: Callable[[ClientResult], None]) -> None:
        self.audience = Audience()
        self.is_over = asyncio.Event()
        self.failures: list[DialogueFailure] = []
        self.has_failed = False
        self.has_lacked = False
        self._log = log
        self._on_client_end = on_client_end
        self._numbers = itertools.count(1)
        self._tally = Tally()
        self._tallies: dict[str, Tally] = {}

    def open(self, around: Surroundings, endpoints: Iterable[str]) -> None:
        """
        Begin, in the event loop of the server.

        Args:
            around: What all clients have around them.
            endpoints: The names of the endpoints.

        """
        self._around = around
        self.is_over.clear()
        self._tallies = {name: Tally() for name in endpoints}
        self._stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def stopping(self) -> asyncio.Future[None]:
        """Done when every replay is to end."""
        return self._stopping

    def stop(self) -> None:
        """End every replay."""
        if not self._stopping.done():
            self._stopping.set_result(None)

    @property
    def total(self) -> ReplayTotal:
        """The total over all clients whose replay has ended."""
        return self._tally.total()

    @property
    def totals(self) -> dict[str, ReplayTotal]:
        """The same by endpoint, including those without clients."""
        return {name: tally.total() for name, tally in self._tallies.items()}

    async def attend(self, connection: ReplayConnection, endpoint: Endpoint) -> None:
        """Replay an endpoint to a client until either is over."""
        crowd, observer, steering = self._around.crowd, self._around.observer, self._around.steering
        number = next(self._numbers)
        remarks = LogLimit(self._log, f"client {number}", at_once=20, per_second=0.2)
        client = meet(number, connection, endpoint, self._around, partial(self._remark, number, remarks))
        if observer is not None:
            observer.on_connected(number, client.address, endpoint.name)
        result = None
        crowd.clients += 1
        self.audience.come(endpoint.name, client)
        steering.come(client)
        self._log.log(logging.INFO, "%s connected", client.name)
        try:
            result = await client.run(self._stopping)
            self._take(client, connection, result)
        except Exception as error:  # noqa: BLE001  a bug: the others go on
            self.has_failed = True
            self._log.log(logging.ERROR, "%s: the replay failed: %s", client.name, place_of(error))
            if observer is not None:
                observer.on_failed(number, error)
        finally:
            if observer is not None:
                observer.on_ended(number, result)
            remarks.tell_left_out()
            await steering.leave(client, finished=result is not None and result.outcome == "finished")
            crowd.clients -= 1
            one = steering.one
            is_over = not crowd.clients if one is None else one.present_of_clients is None
            if is_over:
                crowd.gate.shut()
            self.audience.leave(endpoint.name, client)
            self._around.casting.end(number)
            if not client.was_cut_off:
                self.end_if_over()

    def end_if_over(self) -> None:
        """Set `is_over` if it ends with its last client."""
        around = self._around
        is_over = not around.crowd.clients and (around.casting.is_over or self.failures)
        if around.options.at_end == "exit" and is_over:
            self.is_over.set()

    def note_failure(self, failure: DialogueFailure) -> None:
        """Note and log what was not as recorded."""
        self.failures = [*self.failures[-MOST_FAILURES:], failure]
        self._log.log(logging.ERROR, "%s", failure)

    def _take(self, client: ClientReplay, connection: ReplayConnection, result: ClientResult) -> None:
        """Take the result of a client, and tell of it."""
        for tally in (self._tally, self._tallies[result.endpoint]):
            tally.add(result, client.lateness)
        text = "%s: %s after %d frames in %.3f s"
        self._log.log(logging.DEBUG, text, client.name, result.outcome, result.frames, result.seconds)
        if result.failure is not None:
            self.note_failure(result.failure)
        self._warn_of_limit(client.name, connection)
        self._on_client_end(result)

    def _remark(self, number: int, log: Log, remark: Remark) -> None:
        """Tell the person who runs the replay about a client, and note a request that failed."""
        self.has_lacked = self.has_lacked or remark.is_fault
        level = logging.WARNING if remark.is_fault else logging.INFO
        log.log(level, "client %d %s", number, shortened(remark.text))

    def _warn_of_limit(self, name: str, connection: ServerConnection) -> None:
        closed = connection.protocol.close_rcvd
        if closed is not None and closed.code == CloseCode.MESSAGE_TOO_BIG:
            text = "%s closed with 1009: a frame exceeds its size limit; raise the limit (docs/clients.md)"
            self._log.log(logging.WARNING, text, name)
