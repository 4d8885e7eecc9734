"""Answers in JSON: what was asked for, or what is wrong with a request, as RFC 9457 has it. Pure."""

from __future__ import annotations

import http
from collections.abc import Mapping

import msgspec

from ...http_messages import JSON, Headers, HttpAnswer
from ...visible import with_json_escapes

__all__ = ["JSON_HEADERS", "PROBLEM", "Refused", "as_json", "json_answer", "problem"]

PROBLEM = "application/problem+json"
"""The content type of a problem (RFC 9457, 3)."""

JSON_HEADERS: Headers = (("cache-control", "no-store"), ("x-content-type-options", "nosniff"))
"""Headers of all answers in JSON."""


class Refused(Exception):  # noqa: N818  not an error of ours: the answer to somebody's
    """A request has this answer, which is a problem."""

    def __init__(self, status: int, detail: str, *headers: tuple[str, str]) -> None:
        super().__init__(status)
        self.answer = problem(status, detail, headers)


def problem(status: int, detail: str, headers: Headers = ()) -> HttpAnswer:
    """Return the answer to a request that is not carried out; `detail` is one line that says why, for people."""
    document = {"type": "about:blank", "title": http.HTTPStatus(status).phrase, "status": status, "detail": detail}
    return HttpAnswer(status, f"{as_json(document)}\n".encode(), PROBLEM, (*JSON_HEADERS, *headers))


def json_answer(document: Mapping[str, object]) -> HttpAnswer:
    """Return the answer to a request that was carried out."""
    return HttpAnswer(http.HTTPStatus.OK, f"{as_json(document)}\n".encode(), JSON, JSON_HEADERS)


def as_json(document: Mapping[str, object]) -> str:
    """Return one line of JSON, in which every control character is visible: names come from clients and venues."""
    return with_json_escapes(msgspec.json.encode(document).decode())
