"""A server that only answers HTTP requests, on one address."""

from __future__ import annotations

import functools
import http
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from ..admission.allowed_hosts import AllowedHosts, parse_host_name
from ..admission.handshakes import Handshakes
from ..admission.library_log import library_log
from ..admission.listening import bound_to, local_url
from ..admission.log_limit import LogLimit
from ..http_messages import HttpAnswer, HttpRequest
from .front import Front
from .fronts import Fronts, HttpLimits

__all__ = ["AnswersServer"]

_MOST_WAITING = 50  # connections
_LONGEST_BODY = 1 << 12


class AnswersServer:
    """
    A server. It has its address from the beginning, and listens from `start` to `close`.

    Args:
        answer: Answers a request; it is cancelled if the client goes.
        place: Host and port to listen on; port 0 for a free one.
        option: The option of the command line that chooses it.
        allow_hosts: Names of this machine by which it may be asked, besides its addresses and `localhost`.
        log: Takes a line for each request that is malformed, and for each bug.

    Attributes:
        address: What it listens on.

    Raises:
        UsageError: If a name is none.
        ServeError: If the address cannot be had.

    """

    def __init__(
        self,
        answer: Callable[[HttpRequest], Awaitable[HttpAnswer]],
        place: tuple[str, int],
        *,
        option: str,
        allow_hosts: Collection[str] = (),
        log: LogLimit,
    ) -> None:
        names = [parse_host_name(name) for name in allow_hosts]
        self._bound = bound_to(*place, option)
        self.address = self._bound.getsockname()
        handshakes: Handshakes[Any] = Handshakes(
            AllowedHosts(frozenset, place[0], names),
            paths=[],
            has_path=lambda _: True,
            venue_refusal=lambda *_: None,
            max_clients=0,
            max_waiting=_MOST_WAITING,
            log=log,
        )
        limits = HttpLimits(longest_body=_LONGEST_BODY)
        self._fronts = Fronts(answer, handshakes, url=lambda: self.url, log=log, limits=limits)
        self._server: Server | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return local_url(self.address, "http")

    async def start(self) -> None:
        """Listen."""
        self._server = await serve(
            _serve_nothing,
            sock=self._bound,
            process_request=_refuse,
            server_header=None,
            logger=library_log(),
            ping_interval=None,
            create_connection=self._make_front,  # type: ignore[arg-type]  # a factory will do
        )

    async def close(self, patience: float) -> None:
        """Stop listening; `patience` is how many seconds answers have that are under way."""
        if self._server is None:
            self._bound.close()
        else:
            await self._fronts.close(self._server, patience)

    def _make_front(self, *args: Any, **kwargs: Any) -> Front:
        return Front(self._fronts, functools.partial(ServerConnection, *args, **kwargs))


async def _serve_nothing(_: ServerConnection) -> None:
    """Serve a WebSocket, which nobody gets."""


def _refuse(websocket: ServerConnection, _: Request) -> Response:
    return websocket.respond(http.HTTPStatus.NOT_FOUND, "no WebSocket is served here\n")
