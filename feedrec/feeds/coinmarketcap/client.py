"""
The client half of CoinMarketCap: subscribe, match the answers by their ids, ping.

1. Each subscription is a message with an id of its own, counted from 1; pings count on. Acks and errors echo the id.
2. A ping goes out every `ping_interval_ms` of the welcome message, every 10 s where it has none. A pong is not data.
3. What an error means is in `codes`: the run ends, goes on without the subscription, or asks for it again with the
   next ping. An ack with a `code` other than 0 counts as an error.
4. A close code that stands for an error which no retry mends ends the run; after any other a reconnect is worthwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ...model import FrameInfo
from ...spelling import few_of
from ..base import Acceptance, Message, Notice, Subscription
from ..client_half import RequestKind, SubscribingClient, request_message
from ..client_half.notices import nothing_accepted_notice, subscription_details, unacknowledged_notice
from ..client_half.subscriptions import remove_subscriptions
from ..decoding import decoder_of
from .codes import CLOSE_CODES, ERROR_CODES
from .limits import LONGEST_PING_INTERVAL, PING_INTERVAL

__all__ = ["ACK_TIMEOUT", "CoinMarketCapClient"]

ACK_TIMEOUT = 10.0
"""Seconds after which an answer to a subscription that has not come is taken as missing."""

_PONGS_MISSED = 3
"""A connection without any frame for this many ping intervals is dead: each ping is answered."""


class _Status(msgspec.Struct):
    error_code: str | int | None = None
    error_message: str | None = None
    error_detail: str | None = None


class _Answer(msgspec.Struct):
    type: str = ""
    id: Any = None
    code: str | int | None = None
    msg: str | None = None
    status: _Status | None = None
    ping_interval_ms: float | None = None
    sub_count: int | None = None
    sub_limit: int | None = None
    duplicate: bool | None = None


class _Refusal(msgspec.Struct):
    code: str
    message: str
    detail: str


_decode = decoder_of(_Answer)


class CoinMarketCapClient(SubscribingClient):
    """
    The client half for one connection.

    Args:
        subscriptions: What to ask for, at most what a connection carries.

    Attributes:
        silence_limit: See `FeedClient`; it follows the ping interval.

    """

    silence_limit: float | None = _PONGS_MISSED * PING_INTERVAL

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        super().__init__(subscriptions, ACK_TIMEOUT)
        self._waiting: dict[int, Subscription] = {}
        self._overdue: dict[int, Subscription] = {}
        self._again: list[Subscription] = []
        self._accepted: dict[str, None] = {}
        self._confirmed: list[Subscription] = []
        self._refused: list[Subscription] = []
        self._refused_something = ""  # what the last error says that names none of several
        self._is_closed = False
        self._last_id = 0
        self._last_ping = 0.0
        self._ping_interval = PING_INTERVAL

    @property
    def acceptance(self) -> Acceptance | None:
        """What the venue accepted, once everything is answered or overdue, or the connection ended before."""
        if (self._waiting or self._again) and not self._is_closed:
            return None
        missing = [*self._refused, *self._overdue.values()]
        return Acceptance(tuple(self._wanted), tuple(self._confirmed), tuple(missing))

    def subscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:
        if not self._waiting:
            self._accepted = {}
        return super().subscribe(subscriptions, time)

    def unsubscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:
        self._was_changed = True
        for unanswered in (self._waiting, self._overdue):
            for number, one in list(unanswered.items()):
                if remove_subscriptions([one], subscriptions)[1]:
                    del unanswered[number]
        self._again, _ = remove_subscriptions(self._again, subscriptions)
        self._confirmed, _ = remove_subscriptions(self._confirmed, subscriptions)
        self._refused, _ = remove_subscriptions(self._refused, subscriptions)
        return super().unsubscribe(subscriptions, time)

    def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:
        if info.kind in {"update", "heartbeat"}:
            return ()
        if info.kind == "other":
            self._on_welcome(payload)
        return super().on_frame(info, payload)

    def on_tick(self, seconds_open: float) -> Sequence[Notice | Message]:
        """Ping when it is time, and ask again for what the venue failed at; report answers that have not come."""
        due: list[Notice | Message] = []
        if self._is_overdue(seconds_open) and self._waiting:
            unanswered = list(self._waiting.values())
            self._overdue |= self._waiting
            self._waiting.clear()
            names = few_of([_name(one) for one in unanswered], 3)
            due.append(unacknowledged_notice(names, self._ack_timeout, unanswered))
            if self._refused_something and not self._accepted and not self._was_changed:
                due.append(nothing_accepted_notice(why=self._refused_something))
        if seconds_open - self._last_ping >= self._ping_interval:
            self._last_ping = seconds_open
            due.append(request_message({"id": self._next_id(), "method": "ping"}))
            if self._again:
                self._asked_at = seconds_open
                due += self.requests_for("subscribe", self._again, 0)
                self._again = []
        return due

    def on_close(self, code: int = 1006, reason: str = "") -> Sequence[Notice]:
        """Report what the close code means; 1000 says nothing, and 1006 is not the venue's."""
        self._is_closed = True
        closing = CLOSE_CODES.get(code)
        if closing is None or code == 1000:
            return ()
        said = f"{code} {closing.reason!r}: {closing.meaning}"
        details = {"code": code, "reason": reason or closing.reason}
        if closing.error is None:
            return (Notice(f"the venue closed the connection, {said}", "warning", "error", details),)
        text = f"the venue refused the connection, {said}; {ERROR_CODES[closing.error].advice}"
        return (Notice(text, "fatal", "error", details),)

    def request_for(self, kind: RequestKind, subscription: Subscription, time: int) -> Message:  # noqa: ARG002
        number = self._next_id()
        if kind == "subscribe":
            self._waiting[number] = subscription
        fields: dict[str, Any] = {"id": number, "method": kind, "channel": subscription.channel}
        return request_message(fields | ({"params": subscription.params} if subscription.params else {}))

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _on_welcome(self, payload: bytes) -> None:
        """Ping as often as the welcome message says, if that makes sense."""
        answer = _decode(payload) or _Answer()
        interval = answer.ping_interval_ms if answer.type == "welcome" else None
        if interval is not None and interval > 0:
            self._ping_interval = min(interval / 1000, LONGEST_PING_INTERVAL)
            self.silence_limit = _PONGS_MISSED * max(self._ping_interval, PING_INTERVAL)

    def on_ack(self, payload: bytes) -> Sequence[Notice]:
        answer = _decode(payload) or _Answer()
        if answer.code not in {None, 0, "0"}:
            return self.on_error(payload)
        subscription = self._take(answer.id)
        if subscription is None:
            return ()
        self._accepted[subscription.channel] = None
        self._confirmed.append(subscription)
        if answer.duplicate:
            text = f"the venue counts {_name(subscription)} as a duplicate"
            return (Notice(text), *self._judge(answer))
        return self._judge(answer)

    def _judge(self, answer: _Answer, why: str = "") -> tuple[Notice, ...]:
        """Report what was accepted, once everything is answered; `why` is what the last error says."""
        if self._waiting or self._again:
            return ()
        if not self._accepted:
            return () if self._was_changed else (nothing_accepted_notice("channels and parameters", why),)
        limit = "" if answer.sub_limit is None else f" of {answer.sub_limit}"
        count = "" if answer.sub_count is None else f" ({answer.sub_count}{limit} on this connection)"
        return (Notice(f"subscribed to {', '.join(self._accepted)}{count}"),)

    def on_error(self, payload: bytes) -> Sequence[Notice]:
        answer = _decode(payload) or _Answer()
        refusal = _refusal(answer)
        known = ERROR_CODES.get(refusal.code)
        remedy = "" if known is None else known.remedy
        subscription = self._take(answer.id) or (self._only_one(remedy) if answer.id is None else None)
        details: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
        details |= {"detail": refusal.detail} if refusal.detail else {}
        said = " ".join(filter(None, (refusal.code, repr(refusal.message), refusal.detail)))
        what = f" {_name(subscription)}" if subscription is not None else ""
        if subscription is not None and remedy != "ask again":
            self._refused.append(subscription)
        if known is not None and remedy == "none":
            return (self.error_notice(said, details, known.advice, what=what, may_be_later=answer.id is not None),)
        if subscription is None:
            self._refused_something = f"{said}; {known.advice}" if known is not None and remedy == "leave out" else ""
            return (self.error_notice(said, details),)
        advice = f"; {known.advice}" if known is not None else ""
        if remedy == "ask again":
            self._again.append(subscription)
            return (Notice(f"the venue failed at{what}: {said}{advice}", "warning", "error", details),)
        details = subscription_details([subscription]) | details
        left_out = Notice(f"the venue refused{what}: {said}{advice}", "warning", "missing", details)
        return left_out, *self._judge(answer, f"{said}{advice}")

    def _take(self, number: object) -> Subscription | None:
        """Return the subscription that the answer with this id is about, and no longer wait for it."""
        if type(number) is not int:
            return None
        return self._waiting.pop(number, None) or self._overdue.pop(number, None)

    def _only_one(self, remedy: str) -> Subscription | None:
        """Return the only subscription that waits, if an error that names none must be about it."""
        if remedy != "leave out" or len(self._waiting) != 1:
            return None
        return self._waiting.popitem()[1]


def _refusal(answer: _Answer) -> _Refusal:
    """Read an error from its `status`, or from `code` and `msg`."""
    status = answer.status or _Status(answer.code, answer.msg)
    code = "" if status.error_code is None else str(status.error_code)
    known = ERROR_CODES.get(code)
    message = status.error_message or (known.message if known is not None else "an error without a message")
    return _Refusal(code, message, status.error_detail or "")


def _name(subscription: Subscription) -> str:
    """Return a subscription in one line, as a person writes it, with long lists cut."""
    values = {
        name: [str(one) for one in value] if isinstance(value, list) else [str(value)]
        for name, value in subscription.params.items()
    }
    fields = [f"{name}={','.join(texts[:3])}{',...' if len(texts) > 3 else ''}" for name, texts in values.items()]
    return subscription.channel + ("?" + "&".join(fields) if fields else "")
