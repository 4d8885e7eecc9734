"""The page that shows a replay, as far as it matters here."""

from __future__ import annotations

from typing import Protocol

from ...http_messages import HttpAnswer, HttpRequest

__all__ = ["Page"]


class Page(Protocol):
    """What answers the requests of a page: for `/_feedrec/` itself, and what is below `static/` and `api/`."""

    async def answer(self, request: HttpRequest) -> HttpAnswer | None:
        """
        Answer a request, which was found to be allowed.

        Args:
            request: The request, with GET or HEAD; its target is the whole one.

        Returns:
            The answer; None if there is nothing at that path.

        """
