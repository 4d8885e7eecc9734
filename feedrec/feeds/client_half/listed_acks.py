"""A client half of a venue whose acks list what is subscribed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..base import Message, Notice, SequenceRule, Subscription
from .notices import missing_notice, nothing_accepted_notice, unacknowledged_notice
from .subscribing import RequestKind, SubscribingClient

__all__ = ["ListedAcksClient"]


class ListedAcksClient(SubscribingClient):
    """
    A client half of a venue that answers each request with an ack that lists all that is subscribed by then.

    What the venue does not know is silently absent from the list, so the last ack is compared with what was asked for.
    A venue overrides `request_for` and `listed_in`, and `on_error` where it reports errors.

    Args:
        subscriptions: What to subscribe when the connection opens.
        ack_timeout: Seconds after which an ack that has not come is taken as missing.
        ack_grace: Seconds to wait for further acks once there are as many as requests.
        requests: Messages that subscribe it; None for one each.
        sequence: Finds gaps; None if frames are not numbered.
        heartbeats: The channel that keeps the connection open; while it is wanted, `silence_limit` holds.

    """

    def __init__(
        self,
        subscriptions: Sequence[Subscription],
        ack_timeout: float = 10.0,
        ack_grace: float = 0.0,
        *,
        requests: int | None = None,
        sequence: SequenceRule | None = None,
        heartbeats: str = "",
        silence_limit: float | None = None,
    ) -> None:
        super().__init__(subscriptions, ack_timeout, sequence)
        self._ack_grace = ack_grace
        self._heartbeats = heartbeats
        self._heartbeat_limit = silence_limit
        self._acks = 0
        self._acks_due = len(subscriptions) if requests is None else requests
        self._acked_at: float | None = None
        self._accepted: Mapping[str, Collection[str]] = {}
        self._judged = False
        self._watch()

    def on_tick(self, seconds_open: float) -> Sequence[Notice]:
        """Judge the acks once all have come, or should have."""
        if self._judged:
            return ()
        is_overdue = self._is_overdue(seconds_open)
        if self._acks < self._acks_due:
            return self._on_timeout() if is_overdue else ()
        if self._acked_at is None:
            self._acked_at = seconds_open
        return self._judge() if seconds_open - self._acked_at >= self._ack_grace else ()

    def on_close(self, code: int = 1006, reason: str = "") -> Sequence[Notice]:  # noqa: ARG002
        """Judge what was acknowledged until now, if every ack came."""
        return () if self._judged or self._acks < self._acks_due else self._judge()

    def listed_in(self, payload: bytes) -> Mapping[str, Collection[str]] | None:
        """Return the products that an ack lists, by channel; None if it is not understood."""
        raise NotImplementedError

    def absent_from(self, subscription: Subscription, listed: Collection[str]) -> tuple[str, ...]:
        """Return the products of a subscription that an ack should list with its channel, and does not."""
        return tuple(product for product in subscription.products if product not in listed)

    def _watch(self) -> None:
        """Set what depends on what is wanted."""
        has_heartbeats = any(one.channel == self._heartbeats for one in self._wanted)
        self.silence_limit = self._heartbeat_limit if has_heartbeats else None

    def _change(
        self, kind: RequestKind, wanted: list[Subscription], change: Sequence[Subscription], time: int
    ) -> list[Message]:
        messages = super()._change(kind, wanted, change, time)
        if messages:
            self._acks_due += len(messages)
            self._acked_at = None
            self._judged = not wanted or (self._judged and kind == "unsubscribe")
            self._watch()
        return messages

    def on_ack(self, payload: bytes) -> Sequence[Notice]:
        listed = self.listed_in(payload)
        if listed is None:
            return ()
        self._acks += 1
        self._accepted = listed
        if self._judged:
            return ()
        if not self._missing():
            self._judged = True
            return (Notice(f"subscribed to {', '.join(one.channel for one in self._wanted)}"),)
        return () if self._ack_grace or self._acks < self._acks_due else self._judge()

    def _on_timeout(self) -> Sequence[Notice]:
        """Judge what was acknowledged, though not every ack came."""
        return self._judge()

    def _judge(self) -> Sequence[Notice]:
        """Report what is missing, once."""
        self._judged = True
        self._acks_due = self._acks  # those that have not come by now are no longer waited for
        if not self._acks:
            return (unacknowledged_notice("any subscription", self._ack_timeout),)
        missing = self._missing()
        if not missing:
            return ()
        asked_for = [one for one in self._wanted if one.channel != self._heartbeats] or self._wanted
        if not self._was_changed and all(one in missing for one in asked_for):
            return missing_notice(missing), nothing_accepted_notice()
        return (missing_notice(missing),)

    def _missing(self) -> list[Subscription]:
        """Compare what was asked for with the last ack."""
        missing = []
        for one in self._wanted:
            listed = self._accepted.get(one.channel)
            if listed is None:
                missing.append(one)
            elif absent := self.absent_from(one, listed):
                missing.append(Subscription(one.channel, absent, one.params))
        return missing
