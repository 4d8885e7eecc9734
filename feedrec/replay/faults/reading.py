"""How faults are written: `drop=0.1%`, `delay=50ms±20ms`, `stall=5s@+30s`, some with a channel: `drop=1%:level2`."""

from __future__ import annotations

import http
import re
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple, TypeVar, cast

from ...errors import UsageError
from ...feeds.channel_requests import read_channel
from ...feeds.server_half.settings import may_close_with
from ...model import NANOSECONDS, parse_duration
from ...spelling import did_you_mean
from ...times import Moment, parse_moment, parse_size
from .fault import CERTAIN, AuthFailure, Chosen, Delay, Disconnect, Fault, Gap, Refuse, Scope, Slow, Stall

__all__ = ["FAULT_KINDS", "read_fault", "read_faults"]

_SPREAD = "±"
_PERCENT = re.compile(r"(\d{1,9}(?:\.\d{1,15})?)%", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_STATUSES = [one.value for one in http.HTTPStatus if one >= http.HTTPStatus.BAD_REQUEST]
_LONGEST = 1 << 62  # nanoseconds: a century

_Part = TypeVar("_Part")


class _Parts(NamedTuple):
    """
    A fault in its parts.

    Attributes:
        text: The whole of it.
        kind: What is before the `=`.
        value: What is behind that.
        place: What is behind the `@`: a moment, and perhaps a scope.
        scope: What is behind the `:`.

    """

    text: str
    kind: str
    value: str
    place: tuple[Moment, Scope] | None
    scope: str


class _Form(NamedTuple):
    """How faults of a kind are written: an example, and what reads them, which raises `ValueError` if they are not."""

    example: str
    read: Callable[[_Parts], Fault]


def read_faults(texts: Sequence[str]) -> tuple[Fault, ...]:
    """
    Read faults.

    Raises:
        UsageError: If one is none, or is there twice.

    """
    faults = tuple(map(read_fault, texts))
    twice = [text for text, count in Counter(fault.text for fault in faults).items() if count > 1]
    if twice:
        raise UsageError(f"the fault {twice[0]} is given twice: leave one out")
    return faults


def read_fault(text: str) -> Fault:
    """
    Read a fault.

    Raises:
        UsageError: If it is none.

    """
    written = text.strip().replace("+-", _SPREAD)
    kind, _, rest = written.partition("=")
    form = _FORMS.get(kind)
    if form is None:
        known = did_you_mean(kind, _FORMS) or f" (there are {', '.join(_FORMS)})"
        raise UsageError(f"unknown fault {kind!r}{known}")
    value, at, place = rest.partition("@")
    scope = "" if at else value.partition(":")[2]
    try:
        parts = _Parts(written, kind, value.partition(":")[0], _read_place(place) if at else None, scope)
        return form.read(parts)
    except ValueError as error:
        why = f": {error}" if str(error) else ""
        raise UsageError(f"{text!r} is no fault{why}; write it as {form.example}") from None


def _read_chosen(parts: _Parts) -> Fault:
    _refuse_place(parts)
    match = _PERCENT.fullmatch(parts.value)
    if match is None:
        raise ValueError("a percentage is missing")
    share = Fraction(match[1]) / 100
    if share > 1:
        raise ValueError(f"{parts.value} is more than 100%")
    kind = cast(Literal["drop", "dup", "reorder", "truncate"], parts.kind)
    return Chosen(parts.text, kind, int(share * CERTAIN), _read_scope(parts.scope))


def _read_delay(parts: _Parts) -> Fault:
    _refuse_place(parts)
    value, plus_or_minus, spread = parts.value.partition(_SPREAD)
    delay = _read_duration(value)
    most = _read_duration(spread) if plus_or_minus else 0
    if most > delay:
        raise ValueError("no frame can come before it was recorded")
    return Delay(parts.text, delay, most, _read_scope(parts.scope))


def _read_stall(parts: _Parts) -> Fault:
    moment, scope = _needed(parts.place)
    return Stall(parts.text, _read_duration(parts.value), moment, scope)


def _read_gap(parts: _Parts) -> Fault:
    moment, scope = _needed(parts.place)
    return Gap(parts.text, _read_count(parts.value), moment, scope)


def _read_disconnect(parts: _Parts) -> Fault:
    moment, scope = _needed(parts.place)
    if scope.channel:
        raise ValueError("it is of no channel")
    code = _read_count(parts.value)
    if not may_close_with(code):
        raise ValueError(f"{code} is no close code that a server may send")
    return Disconnect(parts.text, code, moment)


def _read_slow(parts: _Parts) -> Fault:
    _refuse_place(parts)
    _refuse_scope(parts)
    size, per, second = parts.value.partition("/")
    rate = parse_size(size)
    if not rate or not per or second != "s":
        raise ValueError("bytes a second are missing")
    return Slow(parts.text, rate)


def _read_refuse(parts: _Parts) -> Fault:
    _refuse_place(parts)
    count = _read_count(parts.value)
    if not parts.scope:
        return Refuse(parts.text, count)
    status = _read_count(parts.scope)
    if status not in _STATUSES:
        raise ValueError(f"{status} is no HTTP status of an error")
    return Refuse(parts.text, count, status)


def _read_auth_failure(parts: _Parts) -> Fault:
    _refuse_place(parts)
    _refuse_scope(parts)
    return AuthFailure(parts.text, _read_count(parts.value))


def _refuse_place(parts: _Parts) -> None:
    if parts.place is not None:
        raise ValueError("it is at no moment")


def _refuse_scope(parts: _Parts) -> None:
    if parts.scope:
        raise ValueError("it is of no channel")


def _needed(part: _Part | None) -> _Part:
    if part is None:
        raise ValueError("the moment is missing")
    return part


def _read_count(text: str) -> int:
    if not _COUNT.fullmatch(text) or not int(text):
        raise ValueError(f"{text!r} is no number")
    return int(text)


def _read_duration(text: str) -> int:
    seconds = parse_duration(text)
    if seconds is None or text[-1:].isdecimal() or seconds * NANOSECONDS >= _LONGEST:
        raise ValueError(f"{text!r} is no duration")
    return round(seconds * NANOSECONDS)


def _read_place(text: str) -> tuple[Moment, Scope]:
    """Read a moment, and perhaps a scope behind a `:`; a time of day has a `:` itself."""
    ends = [number for number, char in enumerate(text) if char == ":"]
    for end in (len(text), *reversed(ends)):
        moment = parse_moment(text[:end])
        if moment is not None:
            return moment, _read_scope(text[end + 1 :])
    raise ValueError(f"{text!r} is no moment")


def _read_scope(text: str) -> Scope:
    if not text:
        return Scope()
    channel, products, query = read_channel(text)
    if query or not text.isprintable():
        raise ValueError(f"{text!r} is no channel")
    return Scope(channel, products)


_FORMS = {
    "drop": _Form("drop=0.1% or drop=1%:level2", _read_chosen),
    "dup": _Form("dup=1% or dup=1%:level2", _read_chosen),
    "reorder": _Form("reorder=1% or reorder=1%:level2", _read_chosen),
    "truncate": _Form("truncate=0.1% or truncate=1%:level2", _read_chosen),
    "delay": _Form("delay=50ms±20ms, delay=50ms+-20ms or delay=50ms:level2", _read_delay),
    "stall": _Form("stall=5s@+30s or stall=5s@+30s:level2", _read_stall),
    "gap": _Form("gap=5@+10s or gap=5@+10s:level2", _read_gap),
    "disconnect": _Form("disconnect=1012@+10s", _read_disconnect),
    "slow": _Form("slow=64kB/s", _read_slow),
    "refuse": _Form("refuse=3 or refuse=3:429", _read_refuse),
    "auth-failure": _Form("auth-failure=1", _read_auth_failure),
}

FAULT_KINDS = tuple(_FORMS)
"""The kinds of faults, by their names."""
