"""The page of recordings without a replay: a server for that alone, on this machine."""

from __future__ import annotations

import http
import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Self

from ...admission.log_limit import LogLimit
from ...formats import open_recording
from ...formats.file.opening import under_current_name
from ...front.answers_server import AnswersServer
from ...http_messages import HttpAnswer, HttpRequest, sentence
from ..control.control import ROOT
from .page import RecordingsPage

__all__ = ["ViewServer"]

_HOST = "127.0.0.1"
_PATIENCE = 0.5  # seconds for answers that are under way at the end

_log = logging.getLogger("feedrec.replay")


class ViewServer:
    """
    Serves the page of recordings in an `async with` block.

    Args:
        paths: The recordings.
        port: The port to listen on; 0 for a free one.
        allow_hosts: Names or addresses by which it may be asked, besides those of this machine.

    Raises:
        UsageError: If such a name is none.
        RecordingError: If one of them is no recording.
        ServeError: If the port cannot be had.

    """

    def __init__(self, paths: Sequence[Path], port: int = 0, *, allow_hosts: Collection[str] = ()) -> None:
        for path in paths:
            under_current_name(path, open_recording).close()
        self._page = RecordingsPage(paths)
        self._requests_log = LogLimit(_log, "requests", at_once=20, per_second=1.0)
        self._server = AnswersServer(
            self.answer, (_HOST, port), option="--port", allow_hosts=allow_hosts, log=self._requests_log
        )

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"{self._server.url}{ROOT}"

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Stop listening."""
        self._page.close()
        await self._server.close(_PATIENCE)
        self._requests_log.tell_left_out()

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request."""
        if request.method not in {"GET", "HEAD"}:
            return sentence(http.HTTPStatus.METHOD_NOT_ALLOWED, "ask with GET", (("allow", "GET, HEAD"),))
        if request.path in {"/", ROOT.rstrip("/")}:
            return sentence(http.HTTPStatus.FOUND, f"the page is at {ROOT}", (("location", ROOT),))
        answer = await self._page.answer(request) if request.path.startswith(ROOT) else None
        return answer or sentence(http.HTTPStatus.NOT_FOUND, f"there is nothing here: the page is at {ROOT}")
