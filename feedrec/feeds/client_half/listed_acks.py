"""A client half of a venue whose acks list what is subscribed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...spelling import closest_name
from ..base import Acceptance, Message, Notice, SequenceRule, Subscription
from .notices import did_you_mean_instead, missing_notice, nothing_accepted_notice, unacknowledged_notice
from .subscribing import RequestKind, SubscribingClient
from .subscriptions import named, remove_subscriptions

__all__ = ["LOST", "ListedAcksClient"]

LOST = 1006
"""The close code of a connection on which no close frame came (RFC 6455, 7.4.1)."""


class ListedAcksClient(SubscribingClient):
    """
    A client half of a venue that answers each request with an ack that lists all that is subscribed by then.

    What the venue does not know is silently absent from the list, so the last ack is compared with what was asked for.
    Acks that come step by step are waited for: each one that lists more of it begins the grace anew.
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
        self._is_closed = False
        self._acceptance: Acceptance | None = None  # None until it is asked for again: it is looked at all the time
        self._watch()

    @property
    def acceptance(self) -> Acceptance | None:
        """What the venue accepted, once that is judged, or the connection ended before; see `FeedClient`."""
        if not (self._judged or self._is_closed):
            return None
        if self._acceptance is None:
            accepted, missing = self._compare()
            missing = missing if self._judged else []
            self._acceptance = Acceptance(tuple(self._wanted), tuple(accepted), tuple(missing))
        return self._acceptance

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

    def on_pause(self, seconds: float) -> None:
        super().on_pause(seconds)
        if self._acked_at is not None:
            self._acked_at += seconds

    def on_close(self, code: int = LOST, reason: str = "") -> Sequence[Notice]:  # noqa: ARG002
        """Judge what was acknowledged until now, if every ack came; that nothing was is no verdict on a lost one."""
        self._is_closed = True
        if self._judged or self._acks < self._acks_due:
            return ()
        return [one for one in self._judge() if code != LOST or one.severity != "fatal"]

    def listed_in(self, payload: bytes) -> Mapping[str, Collection[str]] | None:
        """Return the products that an ack lists, by channel; None if it is not understood."""
        raise NotImplementedError

    def absent_from(self, subscription: Subscription, listed: Collection[str]) -> tuple[str, ...]:
        """Return the products of a subscription that an ack should list with its channel, and does not."""
        return tuple(product for product in subscription.products if product not in listed)

    def product_name(self, channel: str, product: str) -> str:  # noqa: ARG002
        """Return a product as the venue must mean it, by its form; see `Feed`."""
        return product

    def _watch(self) -> None:
        """Set what depends on what is wanted."""
        has_heartbeats = any(one.channel == self._heartbeats for one in self._wanted)
        self.silence_limit = self._heartbeat_limit if has_heartbeats else None

    def _change(
        self, kind: RequestKind, wanted: list[Subscription], change: Sequence[Subscription], time: int
    ) -> list[Message]:
        messages = super()._change(kind, wanted, change, time)
        self._acceptance = None
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
        self._acceptance = None
        if self._judged:
            return self._take_late(listed)
        before, self._accepted = self._missing(), listed
        missing = self._missing()
        if not missing:
            self._judged = True
            return (Notice(f"subscribed to {', '.join(one.channel for one in self._wanted)}"),)
        if missing != before:
            self._acked_at = None  # at the next tick
        return () if self._ack_grace or self._acks < self._acks_due else self._judge()

    def _take_late(self, listed: Mapping[str, Collection[str]]) -> Sequence[Notice]:
        """Take an ack after the verdict: it may list what came late; one that lists less is of another time."""
        before, verdict = self._missing(), self._accepted
        self._accepted = listed
        missing = self._missing()
        if remove_subscriptions(missing, before)[0]:
            self._accepted = verdict
            return ()
        late, _ = remove_subscriptions(before, missing)
        return (Notice(f"the venue accepted {named(late)} after all"),) if late else ()

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
        others, meant = self._others(), self._meant(missing)
        notice = missing_notice(missing, meant, others)
        asked_for = [one for one in self._wanted if one.channel != self._heartbeats] or self._wanted
        if self._was_changed or others or any(one not in missing for one in asked_for):
            return (notice,)
        products = {product for one in missing for product in one.products}
        return notice, nothing_accepted_notice(why=did_you_mean_instead(meant, products))

    def _missing(self) -> list[Subscription]:
        return self._compare()[1]

    def _compare(self) -> tuple[list[Subscription], list[Subscription]]:
        """Compare what was asked for with the last ack; return what it lists of it, and what it lacks."""
        accepted, missing = [], []
        for one in self._wanted:
            listed = self._accepted.get(one.channel)
            absent = () if listed is None else self.absent_from(one, listed)
            if listed is None or (absent and absent == one.products):
                missing.append(one)
            elif absent:
                present = tuple(product for product in one.products if product not in absent)
                accepted.append(Subscription(one.channel, present, one.params))
                missing.append(Subscription(one.channel, absent, one.params))
            else:
                accepted.append(one)
        return accepted, missing

    def _others(self) -> list[str]:
        """Return what the last ack lists that was not asked for, and that may be the same by another name."""
        asked: dict[str, list[str]] = {}
        for one in self._wanted:
            if one.channel != self._heartbeats:
                asked.setdefault(one.channel, []).extend(one.products)
        others = []
        for channel, products in self._accepted.items():
            if channel in asked:
                others += [f"{channel} {one}" for one in _akin(products, asked[channel])]
            elif channel != self._heartbeats:
                others += _akin([channel], asked)
        return others

    def _meant(self, missing: Sequence[Subscription]) -> dict[str, str]:
        """Return what was probably meant instead of missing products: by their spelling, or among what is listed."""
        listed = dict.fromkeys(product for products in self._accepted.values() for product in products)
        meant = {}
        for one in missing:
            asked = {product for other in self._wanted if other.channel == one.channel for product in other.products}
            known = [product for product in listed if product not in asked]
            for product in one.products:
                name = self.product_name(one.channel, product)
                meant[product] = name if name != product else closest_name(product, known)
        return {product: name for product, name in meant.items() if name}


def _akin(listed: Collection[str], asked: Collection[str]) -> list[str]:
    """Return what is listed and was not asked for, but resembles something that was."""
    return [one for one in listed if one not in asked and closest_name(one, asked, 0.6)]
