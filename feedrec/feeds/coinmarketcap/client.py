"""
The client half of CoinMarketCap: subscribe, match the answers by their ids, ping.

1. Each subscription is a message with an id of its own, counted from 1 on; pings count on. Acks and errors echo the id.
2. A ping goes out each `ping_interval_ms` of the welcome message, 10 s where it has none. A pong is no data.
3. What an error means is in `codes`: the run ends, goes on without the subscription, or asks for it again with the
   next ping. An ack with a `code` other than 0 counts as an error.
4. A close code that stands for an error which no retry mends ends the run; all others are worth another connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from ...model import FrameInfo
from ..base import Message, Notice, Subscription
from ..steps import NOT_UNDERSTOOD
from ..subscriptions import remove_subscriptions
from .codes import CLOSE_CODES, ERROR_CODES
from .limits import LONGEST_PING_INTERVAL, PING_INTERVAL

__all__ = ["ACK_TIMEOUT", "CoinMarketCapClient"]

ACK_TIMEOUT = 10.0
"""Seconds after which an answer to a subscription that did not come is taken as missing."""

_PONGS_MISSED = 3
"""A connection without any frame for so many ping intervals is dead: each ping is answered."""


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


_decode = msgspec.json.Decoder(_Answer).decode


class CoinMarketCapClient:
    """
    The client half for one connection.

    Args:
        subscriptions: What to ask for, at most what a connection carries.

    Attributes:
        silence_limit: See `FeedClient`; it follows the ping interval.

    """

    out_of_order = 0
    """Frames that arrived behind a later one: there are no numbers to tell by."""

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self._wanted = list(subscriptions)
        self._waiting: dict[int, Subscription] = {}
        self._again: list[Subscription] = []
        self._accepted: dict[str, None] = {}
        self._last_id = 0
        self._last_ping = 0.0
        self._ping_interval = PING_INTERVAL
        self._asked_at: float | None = 0.0
        self._was_changed = False
        self.silence_limit: float | None = _PONGS_MISSED * PING_INTERVAL

    def on_open(self, time: int = 0) -> list[Message]:  # noqa: ARG002
        """Subscribe, each by a message of its own."""
        return [self._subscribe(subscription) for subscription in self._wanted]

    def subscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:  # noqa: ARG002
        """Ask for more, each by a message of its own; see `FeedClient`."""
        self._was_changed = True
        self._asked_at = None
        if not self._waiting:
            self._accepted = {}
        return [self._subscribe(subscription) for subscription in subscriptions]

    def unsubscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:  # noqa: ARG002
        """Ask for no more of some subscriptions, or without parameters of a channel; see `FeedClient`."""
        self._was_changed = True
        self._waiting = {
            number: one for number, one in self._waiting.items() if not remove_subscriptions([one], subscriptions)[1]
        }
        self._again, _ = remove_subscriptions(self._again, subscriptions)
        return [self._message("unsubscribe", subscription) for subscription in subscriptions]

    def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:
        """Follow the welcome, the acks and the errors."""
        if info.kind in {"update", "heartbeat"}:
            return ()
        try:
            answer = _decode(payload)
        except NOT_UNDERSTOOD:
            answer = _Answer()
        if info.kind == "error":
            return self._on_error(answer)
        if info.kind == "ack":
            return self._on_ack(answer)
        if answer.type == "welcome":
            self._follow(answer.ping_interval_ms)
        return ()

    def on_tick(self, seconds_open: float) -> Sequence[Notice | Message]:
        """Ping when it is time, and ask again for what the venue failed at; tell of answers that did not come."""
        due: list[Notice | Message] = []
        if self._asked_at is None:
            self._asked_at = seconds_open
        if self._waiting and seconds_open - self._asked_at >= ACK_TIMEOUT:
            unanswered = list(self._waiting.values())
            self._waiting.clear()
            text = f"the venue did not acknowledge {_listed(unanswered)} within {ACK_TIMEOUT:.0f} seconds"
            due.append(Notice(text, "warning", "missing", _subscriptions(unanswered)))
        if seconds_open - self._last_ping >= self._ping_interval:
            self._last_ping = seconds_open
            self._last_id += 1
            due.append(Message(msgspec.json.encode({"id": self._last_id, "method": "ping"})))
            if self._again:
                self._asked_at = seconds_open
                due += [self._subscribe(subscription) for subscription in self._again]
                self._again = []
        return due

    def on_close(self, code: int = 1006, reason: str = "") -> Sequence[Notice]:
        """Tell what the close code means; 1000 says nothing, and 1006 is none of the venue's."""
        closing = CLOSE_CODES.get(code)
        if closing is None or code == 1000:
            return ()
        details = {"code": code, "reason": reason or closing.reason}
        if closing.error is None:
            text = f"the venue closed the connection, {code} {closing.reason!r}: {closing.meaning}"
            return (Notice(text, "warning", "error", details),)
        advice = ERROR_CODES[closing.error].advice
        text = f"the venue refused the connection, {code} {closing.reason!r}: {closing.meaning}; {advice}"
        return (Notice(text, "fatal", "error", details),)

    def _subscribe(self, subscription: Subscription) -> Message:
        message = self._message("subscribe", subscription)
        self._waiting[self._last_id] = subscription
        return message

    def _message(self, method: str, subscription: Subscription) -> Message:
        self._last_id += 1
        fields: dict[str, Any] = {"id": self._last_id, "method": method, "channel": subscription.channel}
        return Message(msgspec.json.encode(fields | ({"params": subscription.params} if subscription.params else {})))

    def _follow(self, interval: float | None) -> None:
        """Ping as the welcome message says, if that can be."""
        if interval is not None and interval > 0:
            self._ping_interval = min(interval / 1000, LONGEST_PING_INTERVAL)
            self.silence_limit = _PONGS_MISSED * max(self._ping_interval, PING_INTERVAL)

    def _on_ack(self, answer: _Answer) -> tuple[Notice, ...]:
        if answer.code not in {None, 0, "0"}:
            return self._on_error(answer)
        subscription = self._take(answer.id)
        if subscription is None:
            return ()
        self._accepted[subscription.channel] = None
        if answer.duplicate:
            text = f"the venue counts {_name(subscription)} as one that is there already"
            return (Notice(text), *self._judge(answer))
        return self._judge(answer)

    def _judge(self, answer: _Answer) -> tuple[Notice, ...]:
        """Say what was accepted, once everything is answered."""
        if self._waiting or self._again:
            return ()
        if not self._accepted:
            text = "the venue accepted nothing of what was asked for; check channels and parameters"
            return () if self._was_changed else (Notice(text, "fatal"),)
        limit = "" if answer.sub_limit is None else f" of {answer.sub_limit}"
        count = "" if answer.sub_count is None else f" ({answer.sub_count}{limit} on this connection)"
        return (Notice(f"subscribed to {', '.join(self._accepted)}{count}"),)

    def _on_error(self, answer: _Answer) -> tuple[Notice, ...]:
        refusal = _refusal(answer)
        subscription = self._take(answer.id)
        known = ERROR_CODES.get(refusal.code)
        details: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
        details |= {"detail": refusal.detail} if refusal.detail else {}
        said = " ".join(filter(None, (refusal.code, repr(refusal.message), refusal.detail)))
        what = f" {_name(subscription)}" if subscription is not None else ""
        if known is not None and known.remedy == "none":
            # What a program asks for later and does not get is no reason to end what it gets.
            severity: Literal["warning", "fatal"] = (
                "warning" if self._was_changed and answer.id is not None else "fatal"
            )
            return (Notice(f"the venue refused{what}: {said}; {known.advice}", severity, "error", details),)
        advice = f"; {known.advice}" if known is not None else ""
        if subscription is None:
            return (Notice(f"the venue reports an error: {said}", "warning", "error", details),)
        if known is not None and known.remedy == "ask again":
            self._again.append(subscription)
            return (Notice(f"the venue failed at{what}: {said}{advice}", "warning", "error", details),)
        notice = Notice(
            f"the venue refused{what}: {said}{advice}", "warning", "missing", _subscriptions([subscription]) | details
        )
        return (notice, *self._judge(answer))

    def _take(self, number: object) -> Subscription | None:
        """Give the subscription that waits for the answer with this id."""
        return self._waiting.pop(number, None) if type(number) is int else None


def _refusal(answer: _Answer) -> _Refusal:
    """Read an error from its `status`, or from `code` and `msg`."""
    status = answer.status or _Status(answer.code, answer.msg)
    code = "" if status.error_code is None else str(status.error_code)
    known = ERROR_CODES.get(code)
    message = status.error_message or (known.message if known is not None else "an error without a message")
    return _Refusal(code, message, status.error_detail or "")


def _name(subscription: Subscription) -> str:
    """Write a subscription in one line, as a person does, a long list cut."""
    values = {
        name: [str(one) for one in value] if isinstance(value, list) else [str(value)]
        for name, value in subscription.params.items()
    }
    fields = [f"{name}={','.join(texts[:3])}{',...' if len(texts) > 3 else ''}" for name, texts in values.items()]
    return subscription.channel + ("?" + "&".join(fields) if fields else "")


def _listed(subscriptions: Sequence[Subscription]) -> str:
    names = [_name(one) for one in subscriptions[:3]]
    more = len(subscriptions) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _subscriptions(subscriptions: Sequence[Subscription]) -> dict[str, Any]:
    return {"subscriptions": [subscription.as_dict() for subscription in subscriptions]}
