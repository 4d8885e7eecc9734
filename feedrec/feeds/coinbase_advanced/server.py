"""
The server half of Advanced Trade, which answers from a recording as the venue would.

1. A subscribe message is for one channel. Products that the venue does not have are silently left out, as it does; what
   the recordings lack is acknowledged and stays silent, or with `lacking` set is left out too. An unknown channel is
   refused.
2. Each new product begins with its snapshot: that of the state or, where there is none yet, the recorded one when it
   comes. Only then is the message acknowledged, with everything acknowledged so far. Acks go out in the order of the
   messages, but none waits for a recorded snapshot of another subscription.
3. A recorded snapshot is waited for only if it is known to come within `SNAPSHOT_WAIT`. Waiting ends when it passes,
   when an update comes before it, after that time, or at the end of the recordings.
4. Recorded acks and errors are not sent. Data goes out as it was recorded except for the digits of `sequence_num`,
   which count what this client gets, from 0. Where the recording has a gap, the count has the same gap; frames out of
   order and counts that begin anew keep their relation to the others, see numbering.py. A frame of a channel that
   is not known here goes to every client that has subscribed anything.
5. A message for a private channel must have a valid JWT, else it is refused as the venue does, and the socket stays
   open. All other channels are public: a message with an invalid JWT counts as one without ("after which all requests
   are unauthenticated", docs.cdp.coinbase.com), and the person who runs the replay gets a remark.
6. user is one subscription for all products that its message names, or for all products; to change them it must be
   unsubscribed first (docs.cdp.coinbase.com, user channel). A client gets the orders of these products only.
7. Where no heartbeats are recorded they are made, one a second. After the end of the recordings they go on.

The order in 2 and the count in 4 were seen in the capture of 2026-08-09, and at the user endpoint (2026-09-30).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

from ...model import NANOSECONDS, Frame, FrameInfo
from ..auth import Auth
from ..base import Subscription
from ..server_half import SubscribingServer, VenueProducts
from ..server_half.beyond import slow_replies
from ..venue import SNAPSHOT_WAIT, Catalogue, Close, Key, Message, Remark, Reply, Send
from .account import OrderFilter, is_full_batch
from .answers import Unanswered, error, made_frame, renumbered
from .channels import HEARTBEATS, KNOWN, PRIVATE, STATUS, USER
from .client_requests import Request, parse_request
from .frames import channels_of
from .heartbeats import Heartbeats
from .limits import MAX_LEVEL2_PRODUCTS
from .numbering import RecordedCount, expected_numbers, numbered_passage, pass_on
from .settings import Settings

__all__ = ["CoinbaseAdvancedServer"]

_AUTHENTICATION_FAILURE = "authentication failure"
_TOO_MANY_LEVEL2 = "too many L2 streams requested in a single session"
_WHOLE = PRIVATE | {HEARTBEATS}  # channels that are one subscription, whatever products a message names
_NO_MESSAGES: tuple[bytes, ...] = ()
_LOOKED_INTO = frozenset((USER, HEARTBEATS))


class CoinbaseAdvancedServer(SubscribingServer):
    """
    The server half for one connection.

    Args:
        channels: Names of the channels that the endpoint has.
        catalogue: What the recordings hold.
        settings: What is not known about the venue.
        auth: Checks the JWTs.
        client_id: The `client_id` of frames made here, as JSON; empty for none.
        is_sparse: Whether holes in the numbers of a recorded connection are no gaps.

    Attributes:
        next_due: When the next heartbeat must be made; None if they are recorded, or not subscribed.

    """

    def __init__(
        self,
        channels: Collection[str],
        catalogue: Catalogue,
        settings: Settings,
        auth: Auth,
        *,
        client_id: bytes = b"",
        is_sparse: bool = False,
    ) -> None:
        super().__init__(
            catalogue, settings.subscribe_within, settings.subscribe_within_code, channels={*KNOWN, *channels}
        )
        self._auth = auth
        self._client_id, self._is_sparse = client_id, is_sparse
        self._orders = OrderFilter()
        self._channels = channels
        self._settings = settings
        self._products = VenueProducts(catalogue, settings.unknown_products)
        self._heartbeats = Heartbeats()
        self._looked_into: frozenset[str] = _LOOKED_INTO
        self._coming: Collection[Key] = ()
        self._has_ended = False
        self._acknowledged: dict[str, list[str]] = {}
        self._unacknowledged: list[Unanswered] = []
        self._number = 0
        self._place: int | None = None  # the number for this frame alone
        self._recorded: dict[int, RecordedCount] = {}

    @property
    def awaited(self) -> frozenset[Key]:
        return frozenset(key for key in self._wanted if key[0] != HEARTBEATS)

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        request = parse_request(message)
        if request is None:
            return [error(self._settings.malformed_message)]
        refusal = self._refuse(request) or self._refuse_lacking(request)
        if refusal is not None:
            return [error(_AUTHENTICATION_FAILURE), Remark(refusal)]
        remarks = self._remark_of_jwt(request)
        if request.type == "subscribe":
            return [*remarks, *self._subscribe(request.channel, request.products, time)]
        return [*remarks, *self._unsubscribe(request.channel, request.products, time)]

    def lacking(self, message: bytes) -> list[Subscription]:
        request = parse_request(message)
        if request is None or request.type == "unsubscribe" or self._refuse(request) is not None:
            return []
        lacking = self._lacking(request.channel, self._choose(request.channel, request.products)[0])
        return [Subscription(request.channel, tuple(filter(None, lacking)))] if lacking else []

    def on_slow(self) -> list[Reply]:
        return slow_replies(self._settings.slow_error, self._settings.slow_code, error)

    def is_unauthenticated(self, message: bytes) -> bool:
        """Tell whether a message has no valid JWT: only such messages are limited, as documented."""
        request = parse_request(message)
        return request is None or not request.jwt or self._auth.check_jwt(request.jwt, is_needed=False) is not None

    def on_coming(self, coming: Collection[Key]) -> None:
        self._coming = coming

    def on_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> list[Reply]:
        """Send the snapshots that there are, message by message; wait for those that come."""
        for subscribe in self._unacknowledged:
            if any((subscribe.channel, product) in snapshots for product in subscribe.waiting):
                subscribe.since = time
        replies = super().on_state(snapshots, time)
        self._coming = ()
        return [*replies, *map(Send, self._acknowledge(time))]

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[Message]:
        sequence = info.sequence
        if sequence is not None and not frame.synthetic:  # a rebuilt frame is not part of the venue's count
            count = self._recorded.get(frame.conn)
            if count is None or sequence != count.expected:
                return self._pass_on_unexpected(frame, info, sequence)
            count.expected, count.time = sequence + 1, frame.time
            count.places.append(self._number)
        if self._unacknowledged:
            return self._frame_while_waiting(frame, info)
        takers = self._takers.get(info.channel)  # as `_takes`, without the call
        if not takers:
            is_news = takers is None and self.is_news(frame, info)
            return (self._numbered(frame.payload, sequence),) if is_news else _NO_MESSAGES
        if takers.isdisjoint(info.products) and info.products and "" not in takers:
            return _NO_MESSAGES
        if info.channel in self._looked_into:
            return self._look_into(frame, info)
        return (self._numbered(frame.payload, sequence),)

    def passage_key(self, frame: Frame, info: FrameInfo) -> Hashable | None:
        """Return what is subscribed, and the numbers that come next; see `FeedServer`."""
        count = self._recorded.get(frame.conn)
        is_expected = count is not None and info.sequence == count.expected
        if not is_expected or self._unacknowledged or any(map(self._takers.get, self._looked_into - {HEARTBEATS})):
            return None
        selection = super().passage_key(frame, info)
        expected = frozenset(expected_numbers(self._recorded, frame.time).items())
        return None if selection is None else (selection, self._number, expected)

    def passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> Sequence[bytes | None]:
        return numbered_passage(frames, infos, self._taken, self._number, self._recorded)

    def on_passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo], messages: Sequence[bytes | None]) -> None:
        self._number = pass_on(self._recorded, frames, messages, self._number)
        if HEARTBEATS in self.subscribed:
            for frame, channel, message in zip(frames, channels_of(infos), messages, strict=True):
                if channel == HEARTBEATS and message is not None:
                    self._heartbeats.last = frame

    def on_due(self, time: int) -> Sequence[bytes]:
        """Make a heartbeat."""
        self.next_due = time + NANOSECONDS
        return (self._made(HEARTBEATS, self._heartbeats.next_event(time, self.clock.at(time)), time),)

    def on_restart(self) -> None:
        self._has_ended = False
        super().on_restart()
        self._recorded.clear()
        self._orders = OrderFilter(self._orders.products)

    def on_end(self, time: int) -> list[Reply]:
        """Wait for nothing any more, and go on with the heartbeats that were recorded."""
        self._has_ended = True
        for subscribe in self._unacknowledged:
            subscribe.waiting = {one for one in subscribe.waiting if (subscribe.channel, one) in self._wanted}
        if HEARTBEATS in self.subscribed and (HEARTBEATS, "") not in self._wanted and self.next_due is None:
            self.next_due = self._heartbeats.next_due(time)
        return list(map(Send, self._acknowledge(time)))

    def give_state(self, key: Key, snapshot: bytes | None, time: int) -> Sequence[Reply]:
        channel, product = key
        if channel == HEARTBEATS and snapshot is not None:
            self._heartbeats.follow(snapshot, self.clock.ahead)
            snapshot = None
        if channel == HEARTBEATS and (self._has_ended or channel not in self._catalogue):
            self.next_due = self._heartbeats.next_due(time)
        if snapshot is None:
            if key not in self._coming:
                self._no_longer_wait(channel, product)
            return list(map(Send, self._acknowledge(time)))
        parts = self._orders.snapshots(snapshot) if channel == USER else [snapshot]
        messages = [self._numbered(part, 0) for part in parts]
        self._no_longer_wait(channel, product)
        return [*map(Send, messages), *map(Send, self._acknowledge(time))]

    def _refuse(self, request: Request) -> str | None:
        """Return the remark on a message that must be refused; None for any other."""
        channel = request.channel
        if channel not in self._channels and (channel in KNOWN or channel not in self._catalogue):
            # One never subscribed is as good as unsubscribed.
            known = ", ".join(self._channels)
            asked = f"channel {channel!r}" if channel else "no channel"
            return f"asks for {asked}; there is {known}" if request.type == "subscribe" else None
        reason = self._auth.check_jwt(request.jwt) if channel in PRIVATE else None
        return None if reason is None else f"asks to {request.type} {channel}, refused: {reason}"

    def _refuse_lacking(self, request: Request) -> str | None:
        """Return the same where nothing of a channel is recorded, if that is refused."""
        channel = request.channel
        is_there = channel == HEARTBEATS or self.recorded_products(channel) or request.type == "unsubscribe"
        return None if is_there or self._settings.lacking == "silent" else self.lacking_remark(channel, ()).text

    def _remark_of_jwt(self, request: Request) -> list[Reply]:
        """Return a remark on an invalid JWT where none is needed."""
        is_needless = request.jwt and request.channel not in PRIVATE
        reason = self._auth.check_jwt(request.jwt, is_needed=False) if is_needless else None
        return [] if reason is None else [Remark(f"{request.type}s {request.channel} without valid proof: {reason}")]

    def _subscribe(self, channel: str, products: list[str], time: int) -> list[Reply]:
        current = self.subscribed.get(channel, {}).keys()
        if channel == "level2" and len(current | set(products)) > MAX_LEVEL2_PRODUCTS:
            return [error(_TOO_MANY_LEVEL2), *([Close(1000)] if self._settings.level2_limit_closes else [])]
        accepted, invalid = self._choose(channel, products)
        lacking = self._lacking(channel, accepted)
        if self._settings.lacking == "refused":
            accepted = [one for one in accepted if one not in lacking]
        remarks = [self.unknown_remark(channel, invalid)] if invalid else []
        remarks += [self.lacking_remark(channel, lacking)] if lacking else []
        if not (accepted or invalid or lacking):
            remarks.append(Remark(f"asks for {channel} without products, and so for nothing"))
        if channel == USER and not current:
            self._orders = OrderFilter(products)
        elif channel == USER and self._orders.products and not self._orders.products.issuperset(products or [""]):
            remarks.append(Remark("asks for user again with other products: to change them, unsubscribe first"))
        new = self.add(channel, accepted)
        waiting = [product for product in new if (channel, product) in self._wanted]
        self._unacknowledged.append(Unanswered(channel, accepted, waiting, time))
        return [*remarks, *map(Send, self._acknowledge(time))]

    def _unsubscribe(self, channel: str, products: list[str], time: int) -> list[Reply]:
        if channel != USER or not products or self._leave_orders(products):
            self.remove(channel, () if channel in _WHOLE else products)
        left = self.subscribed.get(channel, {})
        listed = [product for product in self._acknowledged.pop(channel, []) if product in left]
        if listed:
            self._acknowledged[channel] = listed
        for subscribe in self._unacknowledged:
            if subscribe.channel == channel:
                subscribe.products = [product for product in subscribe.products if product in left]
                subscribe.waiting.intersection_update(left)
        if channel == HEARTBEATS:
            self.next_due = None
        self._unacknowledged.append(Unanswered(channel, [], [], time))
        return list(map(Send, self._acknowledge(time)))

    def close_channel(self, channel: str) -> None:
        """End a subscription without a word."""
        self.remove(channel)
        self._acknowledged.pop(channel, None)
        self._unacknowledged = [one for one in self._unacknowledged if one.channel != channel]

    def _leave_orders(self, products: list[str]) -> bool:
        """Remove products from those whose orders a client gets, if it named any; tell whether none is left."""
        if not self._orders.products:
            return False
        self._orders = OrderFilter(self._orders.products.difference(products))
        return not self._orders.products

    def _choose(self, channel: str, products: list[str]) -> tuple[list[str], list[str]]:
        """Return the products of a channel that the venue has, and those that it does not have; `""` stands for all."""
        if channel == HEARTBEATS or channel in PRIVATE:
            return [""], []
        if not products:
            return [""] if channel == STATUS or channel not in KNOWN else [], []
        recorded = self._catalogue.get(channel, ())
        # Data of a -USDC product comes under the -USD id (docs.cdp.coinbase.com, WebSocket overview).
        return self._products.parted(
            [one.removesuffix("C") if one.endswith("-USDC") and one not in recorded else one for one in products]
        )

    def _is_recorded(self, channel: str, product: str) -> bool:
        recorded = self._catalogue.get(channel, ())
        # Asked for without products, and frames may name some.
        is_of_all = "" in recorded and (channel not in KNOWN or channel == STATUS)
        return channel == HEARTBEATS or is_of_all or (product in recorded if product else bool(recorded))

    def _lacking(self, channel: str, products: Iterable[str]) -> list[str]:
        return [one for one in products if not self._is_recorded(channel, one)]

    def begins_with(self, channel: str, product: str) -> Iterable[Key]:
        return super().begins_with(channel, product) if self._is_recorded(channel, product) else ()

    def _pass_on_unexpected(self, frame: Frame, info: FrameInfo, sequence: int) -> Sequence[Message]:
        """Pass on a frame whose number is not the expected one of its connection."""
        count = self._recorded.setdefault(frame.conn, RecordedCount(is_sparse=self._is_sparse))
        (self._number, self._place), count.time = count.take(sequence, self._number), frame.time
        if self._unacknowledged:
            messages: Sequence[Message] = self._frame_while_waiting(frame, info)
        elif not self._takes(frame, info):
            messages = _NO_MESSAGES
        else:
            messages = self._look_into(frame, info)
        if self._place is not None:
            count.after_suspect, self._place = self._place, None
        return messages

    def _frame_while_waiting(self, frame: Frame, info: FrameInfo) -> list[Message]:
        """Pass on a frame, with the acks that were waiting for it: after a snapshot, before an update."""
        messages = list[Message]()
        if self._takes(frame, info) and not self.withholds(info):
            if info.channel != USER or not is_full_batch(frame.payload):
                for product in info.products or ("",):
                    self._no_longer_wait(info.channel, product)
            if info.kind != "snapshot":
                messages += self._acknowledge(frame.time)
            messages += self._look_into(frame, info)
        for subscribe in self._unacknowledged:
            if abs(frame.time - subscribe.since) >= SNAPSHOT_WAIT:  # the clock may have been set back
                subscribe.waiting.clear()
        return [*messages, *self._acknowledge(frame.time)]

    def _no_longer_wait(self, channel: str, product: str) -> None:
        for subscribe in self._unacknowledged:
            if subscribe.channel == channel:
                subscribe.waiting.discard(product)
                subscribe.waiting.discard("")

    def _acknowledge(self, time: int) -> list[bytes]:
        """Return the acks of all messages that wait for nothing, up to the first whose state is still to come."""
        acks = []
        waiting: set[str] = set()  # channels of which an unsubscribing would be told before the subscribing
        for subscribe in list(self._unacknowledged):
            if any((subscribe.channel, product) in self._wanted for product in subscribe.waiting):
                break
            if subscribe.waiting or (subscribe.channel in waiting and not subscribe.products):
                waiting.add(subscribe.channel)
                continue
            self._unacknowledged.remove(subscribe)
            if subscribe.products:
                listed = self._acknowledged.get(subscribe.channel, [])
                self._acknowledged[subscribe.channel] = list(dict.fromkeys((*listed, *subscribe.products)))
            acks.append(self._made("subscriptions", {"subscriptions": self._listed()}, time))
        return acks

    def _listed(self) -> dict[str, list[str]]:
        """Return what an ack lists: the channels, each with its products."""
        return {
            channel: [self._settings.account_id] if channel in PRIVATE else [product or channel for product in products]
            for channel, products in sorted(self._acknowledged.items())
        }

    def _made(self, channel: str, event: dict[str, Any], time: int) -> bytes:
        self._number += 1
        return made_frame(channel, event, self._number - 1, self.clock.at(time), self._client_id)

    def _look_into(self, frame: Frame, info: FrameInfo) -> list[Message]:
        """Pass on a frame of which a client may get a part, or from which heartbeats may have to go on."""
        if info.channel == USER:
            return [self._numbered(part, info.sequence) for part in self._orders.pass_on(frame.payload)]
        if info.channel == HEARTBEATS:
            self._heartbeats.last = frame
        return [self._numbered(frame.payload, info.sequence)]

    def _numbered(self, payload: bytes, recorded: int | None) -> Message:
        """Renumber a payload for this connection; one without a number stays as it is."""
        if recorded is None:
            return payload
        if self._place is None:
            number = self._number
            self._number = number + 1
        else:
            number = self._place
            self._place = number + 1
        return payload if number == recorded else renumbered(payload, recorded, number)
