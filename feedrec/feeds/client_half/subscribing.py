"""A client half that subscribes, follows the sequence and reports errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from ...model import FrameInfo, kinds_of
from ..base import Message, Notice, SequenceRule, Subscription
from ..defaults import ClientDefaults, NoSequence
from ..redaction import redact_message
from .notices import discontinuity_notice
from .subscriptions import add_subscriptions, remove_subscriptions

__all__ = ["RequestKind", "SubscribingClient", "request_message"]

_SPEAKING = frozenset(["ack", "error"])
"""The kinds of frames in which a venue speaks to the client."""

RequestKind = Literal["subscribe", "unsubscribe"]


class SubscribingClient(ClientDefaults):
    """
    A client half that subscribes, follows the sequence and reports errors; see `FeedClient`.

    A venue overrides `request_for`, and `on_ack` and `on_error` where it answers.

    Args:
        subscriptions: What to subscribe when the connection opens.
        ack_timeout: Seconds after which an ack that has not come is taken as missing.
        sequence: Finds gaps and resets; None if frames are not numbered.

    """

    def __init__(
        self, subscriptions: Sequence[Subscription], ack_timeout: float = 10.0, sequence: SequenceRule | None = None
    ) -> None:
        self._wanted = list(subscriptions)
        self._ack_timeout = ack_timeout
        self._sequence = NoSequence() if sequence is None else sequence
        self._asked_at: float | None = 0.0  # None until the tick after a request
        self._was_changed = False  # whether more was asked for since the connection opened

    @property
    def out_of_order(self) -> int:
        return self._sequence.out_of_order

    def on_open(self, time: int = 0) -> list[Message]:
        return self.requests_for("subscribe", self._wanted, time)

    def subscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:
        wanted, _ = add_subscriptions(self._wanted, subscriptions)
        return self._change("subscribe", wanted, subscriptions, time)

    def unsubscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:
        wanted, _ = remove_subscriptions(self._wanted, subscriptions)
        return self._change("unsubscribe", wanted, subscriptions, time)

    def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:
        found = self._sequence.observe(info)
        kind = info.kind
        if found is None and kind not in _SPEAKING:
            return ()
        notices = () if found is None else (discontinuity_notice(found, *self.counted_by(info)),)
        if kind == "ack":
            return *notices, *self.on_ack(payload)
        return (*notices, *self.on_error(payload)) if kind == "error" else notices

    def passes(self, infos: Sequence[FrameInfo]) -> bool:
        passes = getattr(self._sequence, "passes", None)
        if passes is None or type(self).on_frame is not SubscribingClient.on_frame:
            return False
        return _SPEAKING.isdisjoint([info.kind for info in kinds_of(infos)]) and passes(infos)

    def requests_for(self, kind: RequestKind, subscriptions: Sequence[Subscription], time: int) -> list[Message]:
        """Return the messages that subscribe or unsubscribe, one for each, signed at `time` if they are."""
        return [self.request_for(kind, one, time) for one in subscriptions]

    def request_for(self, kind: RequestKind, subscription: Subscription, time: int) -> Message:
        """Return the message for one subscription."""
        raise NotImplementedError

    def on_ack(self, payload: bytes) -> Sequence[Notice]:  # noqa: ARG002
        """Take an ack."""
        return ()

    def on_error(self, payload: bytes) -> Sequence[Notice]:
        """Take an error; without more knowledge of the venue it is reported as it stands."""
        said = payload.decode(errors="replace")
        return (self.error_notice(said, {"message": said}),)

    def counted_by(self, info: FrameInfo) -> tuple[str, ...]:  # noqa: ARG002
        """Return the channel and the product that have a sequence of their own; nothing if the connection has one."""
        return ()

    def _change(
        self, kind: RequestKind, wanted: list[Subscription], change: Sequence[Subscription], time: int
    ) -> list[Message]:
        """Want something else from now on; return the messages that say so."""
        if not change:
            return []
        self._wanted = wanted
        self._asked_at = None
        self._was_changed |= kind == "subscribe"
        return self.requests_for(kind, change, time)

    def on_pause(self, seconds: float) -> None:
        """Wait as much longer for the acks."""
        if self._asked_at is not None:
            self._asked_at += seconds

    def _is_overdue(self, seconds_open: float) -> bool:
        """Tell whether the acks of the last request should have come by now."""
        if self._asked_at is None:
            self._asked_at = seconds_open
        return seconds_open - self._asked_at >= self._ack_timeout

    def error_notice(
        self, said: str, details: dict[str, Any], advice: str = "", *, what: str = "", may_be_later: bool = True
    ) -> Notice:
        """
        Return the notice of an error, which is fatal if no retry mends it.

        What a program asks for later, on an open connection, and does not get is no reason to end what it gets.

        Args:
            said: What the venue said.
            details: The same, for the recording.
            advice: What to do about it, if no retry mends it.
            what: What was refused, after a space.
            may_be_later: Whether it may be about what was asked for later.

        """
        if not advice:
            return Notice(f"the venue reports an error: {said}", "warning", "error", details)
        severity: Literal["warning", "fatal"] = "warning" if self._was_changed and may_be_later else "fatal"
        return Notice(f"the venue refused{what}: {said}; {advice}", severity, "error", details)


def request_message(fields: Mapping[str, Any], proof: Mapping[str, Any] | None = None) -> Message:
    """Return a request as JSON; `proof` is what proves who the client is, which is sent but not recorded."""
    if proof is None:
        return Message(msgspec.json.encode(fields))
    signed = msgspec.json.encode({**fields, **proof})
    return Message(signed, redacted=redact_message(signed))
