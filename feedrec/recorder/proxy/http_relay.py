"""HTTP requests that an application sends to the proxy: passed on to the venue, and recorded."""

from __future__ import annotations

import asyncio
import contextlib
import http
import logging
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import msgspec

from ...admission.log_limit import Log
from ...errors import ConnectError
from ...feeds.redaction import Address, Redaction
from ...http_messages import HttpAnswer, HttpRequest, first_value, sentence
from ..rest.decompression import offered
from ..rest.end_to_end import TOLD_OTHERWISE, passed_on
from ..rest.exchange_log import ExchangeLog
from ..rest.exchanges import learn_from
from ..rest.loading import open_client
from .answer_budget import AnswerBudget, Share

if TYPE_CHECKING:
    from ..rest.client import RestClient

__all__ = ["HttpRelay"]

_MADE_ANEW = frozenset({"accept-encoding", "expect"})
"""Headers of a request that do not go on as they are."""

_OVERLOADED = http.HTTPStatus.SERVICE_UNAVAILABLE

_ANSWERS = 256 << 20
"""Bytes that all answers may take that are not small, until the clients have them and they are recorded."""

log = logging.getLogger("feedrec")


class HttpRelay:
    """
    Passes requests on, each by itself, and gives the client the answer as the venue sent it.

    Args:
        base: What stands before path and query of each request: `https://api.example.com`.
        redaction: What must not be recorded or shown.
        exchanges: Where requests and answers are recorded.
        most: Requests that are under way at once.
        warnings: Takes a line for each request that got no answer.

    """

    def __init__(self, base: str, redaction: Redaction, exchanges: ExchangeLog, most: int, warnings: Log) -> None:
        self._base = base
        self._redaction = redaction
        self._exchanges = exchanges
        self._most = most
        self._warnings = warnings
        self._client: asyncio.Future[RestClient] | None = None
        self._recording: set[asyncio.Task[None]] = set()
        self._budget = AnswerBudget(_ANSWERS)
        self._sending: dict[int, Share] = {}  # by the identity of the answer

    @property
    def shown(self) -> str:
        """Where requests go to, as it may be shown."""
        return self._redaction.address(self._base)

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request as the venue does; 502 or 503 and a sentence if there is no answer. See `sent`."""
        if not request.target.startswith("/") or "#" in request.target:
            return sentence(http.HTTPStatus.BAD_REQUEST, "the request is not for a path, such as /products")
        url = Address(self._base + request.target, self._redaction)
        sent = msgspec.structs.replace(request, headers=tuple(_headers_for(request)))
        learn_from(sent, url)
        client = await self._open_client()
        while len(self._recording) >= self._most:  # whoever asks faster than it can be recorded waits
            await asyncio.wait(self._recording, return_when=asyncio.FIRST_COMPLETED)
        share = self._budget.share()
        with contextlib.ExitStack() as unless_sent:
            unless_sent.callback(share.leave)
            started = time.time_ns()
            try:
                answer = await client.ask(sent, url, share.reserve)
            except ConnectError as error:
                text = f"{url.shown} was asked, but there is {error}" if share.is_refused else str(error)
                self._warnings.log(logging.WARNING, "a request got no answer: %s", text)
                return sentence(_OVERLOADED if share.is_refused else http.HTTPStatus.BAD_GATEWAY, text)
            share.shrink(len(answer.body))
            self._record_later(share, self._record(sent, url, answer, started))
            passed_on = _passed_on(answer)
            self._sending[id(passed_on)] = share
            unless_sent.pop_all()
        return passed_on

    def sent(self, answer: HttpAnswer) -> None:
        """Take note that a client has an answer that `answer` returned, or has gone."""
        share = self._sending.pop(id(answer), None)
        if share is not None:
            share.leave()

    async def close(self) -> None:
        """Close the connections to the venue, once everything that was answered is recorded."""
        await asyncio.gather(*self._recording)
        if self._client is not None:
            await (await self._client).close()

    async def _open_client(self) -> RestClient:
        if self._client is None:
            self._client = asyncio.ensure_future(open_client(self._most))
        return await asyncio.shield(self._client)

    def _record_later(self, share: Share, recording: Coroutine[Any, Any, None]) -> None:
        share.join()
        task = asyncio.create_task(recording)
        self._recording.add(task)
        task.add_done_callback(self._recording.discard)
        task.add_done_callback(lambda _: share.leave())

    async def _record(self, request: HttpRequest, url: Address, answer: HttpAnswer, started: int) -> None:
        try:
            await self._exchanges.record(request, url, answer, started)
        except Exception:
            log.exception("a request and its answer could not be recorded")


def _headers_for(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the headers of a request that go on: codings that could not be recorded are not asked for."""
    headers = [(name, value) for name, value in passed_on(request.headers) if name not in _MADE_ANEW]
    accepted = [value for name, value in request.headers if name == "accept-encoding"]
    return [*headers, ("accept-encoding", offered(",".join(accepted)) or "identity")] if accepted else headers


def _passed_on(answer: HttpAnswer) -> HttpAnswer:
    """Return an answer as the client gets it."""
    length = first_value(answer.headers, "content-length") or ""
    return HttpAnswer(
        answer.status,
        answer.body,
        answer.content_type,
        tuple((name, value) for name, value in passed_on(answer.headers) if name not in TOLD_OTHERWISE),
        encoding=first_value(answer.headers, "content-encoding") or "",
        length=int(length) if not answer.body and length.isascii() and length.isdigit() else None,
    )
