"""A request as it is compared: its method, its path, and what it says besides."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from ...feeds.redaction import REDACTED, Redaction
from ...http_messages import HttpRequest, first_value
from .difference import LONGEST_SEARCHED
from .json_values import parse_json
from .matching import Matching
from .recorded import RecordedExchange
from .stand_ins import Pair, StandIns

__all__ = ["Parts", "parts_of_exchange", "parts_of_request", "safe_parts"]

_FORM = "application/x-www-form-urlencoded"


class Parts(NamedTuple):
    """
    What of a request is compared; its headers are not.

    Attributes:
        method: Its method.
        path: Its path, as it was sent.
        said: By name, whatever there is of its `query`, and its content: `form`, or `body`. Parameters are objects of
            JSON; a body is its value if it is JSON, else a text.

    """

    method: str
    path: str
    said: dict[str, Any]

    def compare(self, request: Parts, matching: Matching, known: StandIns) -> list[Pair] | None:
        """
        Compare the request of a client with this one, which was recorded; see `Matching.compare`.

        The parts of a path are compared one by one: each may have been redacted, or stand for another.
        """
        if self.method != request.method or not (self.path == request.path or self._may_vary(known)):
            return None
        others = request.said
        if self.said.get("body") == REDACTED:  # whatever that was
            others = {name: part for name, part in others.items() if name == "query"} | {"body": REDACTED}
        ones, twos = self.path.split("/"), request.path.split("/")
        if self.said.keys() != others.keys() or len(ones) != len(twos):
            return None
        found: list[Pair] = []
        for one, other in (*zip(ones, twos, strict=True), *((part, others[name]) for name, part in self.said.items())):
            pairs = matching.compare_values(one, other, known)
            if pairs is None:
                return None
            found += pairs
        return found

    def _may_vary(self, known: StandIns) -> bool:
        """Return whether another path may be the same: a look that spares most comparisons."""
        return REDACTED in self.path or not known.is_empty

    def has_same_path(self, request: Parts, known: StandIns) -> bool:
        """Return whether another request asks the same in another way."""
        return self._replace(said={}).compare(request._replace(said={}), Matching(), known) is not None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def parts_of_exchange(exchange: RecordedExchange, *, as_written: bool) -> Parts:
    """Return the parts of a recorded request; `as_written` is for those that are compared byte for byte."""
    return _parts_of(exchange.method, exchange.target, exchange.sent, exchange.sent_type, as_written=as_written)


def parts_of_request(request: HttpRequest, *, as_written: bool) -> Parts:
    """Return the parts of a request."""
    return _parts_of(request.method, request.target, request.body, _type_of(request), as_written=as_written)


def safe_parts(request: HttpRequest, redaction: Redaction, *, as_written: bool) -> Parts:
    """Return the parts of a request as they may be shown."""
    body, body_type = request.body, _type_of(request)
    if len(body) > LONGEST_SEARCHED:
        body = REDACTED.encode()
    elif body and _is_form(body_type):
        body = redaction.target(f"/?{_text(body)}").removeprefix("/?").encode(errors="surrogateescape")
    elif body:
        body = redaction.message(body)
    return _parts_of(request.method, redaction.target(request.target), body, body_type, as_written=as_written)


def _parts_of(method: str, target: str, body: bytes, body_type: str, *, as_written: bool) -> Parts:
    path, _, query = target.partition("?")
    said: dict[str, Any] = {}
    if query:
        said["query"] = query if as_written else _parameters(query)
    if body and _is_form(body_type) and not as_written:
        said["form"] = _parameters(_text(body))
    elif body:
        parsed = None if as_written else parse_json(body)
        said["body"] = _text(body) if parsed is None else parsed.value
    return Parts(method, path, said)


def _parameters(query: str) -> dict[str, Any]:
    """Return parameters by name; the values of one that occurs several times are a list."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _text(body: bytes) -> str:
    return body.decode(errors="surrogateescape")


def _type_of(request: HttpRequest) -> str:
    return first_value(request.headers, "content-type") or ""


def _is_form(body_type: str) -> bool:
    return body_type.partition(";")[0].strip().lower() == _FORM
