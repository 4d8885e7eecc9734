"""What stands in for the rules about secrets: it shows where it was asked."""

from __future__ import annotations

from feedrec.formats.foreign.source import Importing
from feedrec.http_messages import HttpAnswer, HttpExchange, HttpRequest

__all__ = ["IMPORTING", "SECRECY"]


class ShownSecrecy:
    """Takes the word `secret` for one, and marks addresses."""

    def message(self, payload: bytes) -> bytes:
        """Replace it."""
        return payload.replace(b"secret", b"shown")

    def address(self, url: str) -> str:
        """Mark it."""
        return f"shown: {url}"

    def exchange(
        self, request: HttpRequest, url: str, answer: HttpAnswer, started: int, time: int
    ) -> HttpExchange | None:
        """Mark the address, and record nothing that asks for `/secret`."""
        if request.path == "/secret":
            return None
        sent_type = dict(request.headers).get("content-type", "")
        return HttpExchange(time, started, request.method, self.address(url), answer, sent_type, request.body)


SECRECY = ShownSecrecy()
IMPORTING = Importing(SECRECY)
