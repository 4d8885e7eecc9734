"""
The server half of Coinbase Exchange, which answers from a recording as the venue would.

1. A message is acknowledged at once, with everything subscribed so far; what it begins with follows the ack (captures
   of 2021-04-17 and 2026-09-30). What cannot be subscribed gets an error first; if that is the whole message, there is
   no ack.
2. What the recordings lack is acknowledged all the same, since the venue has it, and stays silent; the person who runs
   the replay gets a remark. What the venue does not have is refused in its words: channels that it does not know, and
   products that are neither recorded nor named as its products are; if so set, all that is not recorded. A channel can
   be served by another one that sends the same frames, see `channels.SOURCES` and routes.py.
3. Each new product of a channel begins with its state: the book, the last ticker, the last match; level3 with the
   schema of its rows, once. Where there is none yet, the recorded one is sent when it comes. What is subscribed again
   begins nothing.
4. Data goes out as it was recorded; its sequence numbers are the venue's. Recorded acks and errors are not sent. A
   message of a type that is not known here goes to every client that has subscribed anything.
5. Where a product's heartbeats are not recorded they are made, on the whole second, with the numbers of the frames that
   passed. A frame that was sent before that second, and arrived after it, passes first. After the end of the recordings
   they are made of every product.
6. Credentials count only for the message that has them, since all documented clients sign each one. A message with
   invalid credentials is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from ...model import Frame, FrameInfo
from ..auth import Auth
from ..base import Subscription
from ..server_half import SubscribingServer, VenueProducts, send_json
from ..server_half.beyond import slow_replies
from ..venue import Catalogue, Key, Message, Remark, Reply, Send
from .channels import ACK_NAMES, CHANNELS, OPTIONAL_PRODUCTS, described_name
from .client_requests import Request, parse_request
from .frames import TradeInfo, later_number, venue_time
from .routes import DESCRIBED, NAMES, Routes
from .settings import Settings
from .state import STATEFUL, Heartbeat

__all__ = ["CoinbaseExchangeServer", "error"]

_FAILED_TO_SUBSCRIBE = "Failed to subscribe"
_NEEDS_AUTHENTICATION = (  # capture of 2026-08-25
    "level2, level3, and full channels now require authentication. "
    "https://docs.cloud.coinbase.com/exchange/docs/websocket-auth"
)
_NO_MESSAGES: tuple[bytes, ...] = ()
_MOMENT = 20_000_000  # nanoseconds

_PRIVATE = frozenset(channel.name for channel in CHANNELS if channel.needs_credentials)
_FOR_ALL = frozenset(channel.name for channel in CHANNELS if not channel.takes_products)


class CoinbaseExchangeServer(SubscribingServer):
    """
    The server half for one connection.

    Args:
        catalogue: What the recordings hold.
        settings: What is not known about the venue.
        auth: Checks credentials; None to require none.
        all_private: Whether everything needs credentials, as at the direct endpoints.
        channels: The channels that can be subscribed.
        routes: Which of them get which frames.

    Attributes:
        next_due: When the next heartbeats must be made; None if they are recorded, or not subscribed.

    """

    def __init__(
        self,
        catalogue: Catalogue,
        settings: Settings,
        auth: Auth | None = None,
        *,
        all_private: bool = False,
        channels: Collection[str] = NAMES,
        routes: Routes | None = None,
    ) -> None:
        super().__init__(catalogue, settings.subscribe_within, settings.subscribe_within_code, channels=DESCRIBED)
        self._channels = channels
        self._routes = routes or Routes()
        self._settings = settings
        self._auth = auth
        self._all_private = all_private
        self._products = VenueProducts(catalogue, settings.unknown_products)
        self._beating: dict[str, Heartbeat] = {}  # products whose heartbeats are made, with their last numbers
        self._recorded_beats: dict[str, Heartbeat] = {}  # the same of subscribed ones that need not be made yet
        self._has_ended = False

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        request = parse_request(message)
        if request is None:
            return [error(self._settings.malformed_message)]
        if isinstance(request, str):
            return [error(_FAILED_TO_SUBSCRIBE, request), Remark(f"asks for nothing: {request}")]
        if request.kind == "unsubscribe":
            return self._unsubscribe(request)
        auth = None if self._auth is None else self._auth.also_at(self.clock.shown(time))
        refusal = None if auth is None else auth.check_exchange(request.credentials)
        if refusal is not None and request.credentials:
            remark = Remark(f"sends credentials that are refused: {refusal}")
            return [error("Authentication Failed", self._settings.invalid_key_reason), remark]
        return self._subscribe(request, is_authenticated=refusal is None)

    def lacking(self, message: bytes) -> list[Subscription]:
        request = parse_request(message)
        if not isinstance(request, Request) or request.kind == "unsubscribe":
            return []
        found = []
        for channel, asked in request.channels.items():
            is_authenticated = self._auth is None or bool(request.credentials)
            if self._refuse(channel, asked, is_authenticated=is_authenticated) is None:
                lacking = self._lacking(channel, self._choose(channel, asked)[0])
                found += [Subscription(channel, tuple(filter(None, lacking)))] if lacking else []
        return found

    def on_slow(self) -> list[Reply]:
        return slow_replies(self._settings.slow_error, self._settings.slow_code, error)

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[Message]:
        if self._beating or self._recorded_beats:
            self._note_numbers(info)
        if self._is_last_match_of_full(info):
            return _NO_MESSAGES
        return super().on_frame(frame, info)

    def passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> Sequence[bytes | None]:
        messages = super().passage(frames, infos)
        return [
            None if self._is_last_match_of_full(info) else message
            for info, message in zip(infos, messages, strict=True)
        ]

    def on_passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo], messages: Sequence[bytes | None]) -> None:
        del frames, messages
        if self._beating or self._recorded_beats:
            for info in infos:
                self._note_numbers(info)

    def on_due(self, time: int) -> Sequence[bytes]:
        """Make the heartbeats of this second, once the frames before it have passed."""
        second = self.clock.last_second(time)
        until = self.clock.next_second(time)
        if self.clock.at(time) < second and time + _MOMENT < until:
            self.next_due = time + _MOMENT
            return _NO_MESSAGES
        self.next_due = until
        beats = []
        for beat in self._beating.values():
            beat.time = venue_time(second)
            beats.append(msgspec.json.encode(beat))
        return beats

    def on_restart(self) -> None:
        self._has_ended = False
        super().on_restart()
        self._beating.clear()
        recorded = self._catalogue.get("heartbeat", ())
        beating = self.subscribed.get("heartbeat", {})
        self._recorded_beats = {one: _first_beat(one) for one in beating if one in recorded}

    def on_end(self, time: int) -> list[Reply]:
        """Go on with the heartbeats that were recorded; numbers of which no frame has passed are wanted."""
        self._has_ended = True
        for product, beat in self._recorded_beats.items():
            if beat.sequence or beat.last_trade_id:
                self._beating[product] = beat
            else:
                self._wanted["heartbeat", product] = None
        self._recorded_beats.clear()
        self._begin_beating(time)
        return []

    def _subscribe(self, request: Request, *, is_authenticated: bool) -> list[Reply]:
        reasons: dict[str, None] = {}
        remarks: list[Reply] = []
        has_accepted = False
        for channel, asked in request.channels.items():
            refusal = self._refuse(channel, asked, is_authenticated=is_authenticated) or self._refuse_lacking(channel)
            if refusal is not None:
                reason, remark = refusal
                reasons[reason] = None
                remarks.append(Remark(remark))
                continue
            accepted, invalid = self._choose(channel, asked)
            lacking = self._lacking(channel, accepted)
            refused = lacking if self._settings.lacking == "refused" else []
            reasons |= {f"{one} is not a valid product": None for one in (*invalid, *refused)}
            accepted = [one for one in accepted if one not in refused]
            remarks += [self.unknown_remark(channel, invalid)] if invalid else []
            remarks += [self.lacking_remark(channel, lacking)] if lacking else []
            if accepted:
                has_accepted = True
                self._begin(channel, accepted)
        errors = [error(_FAILED_TO_SUBSCRIBE, reason) for reason in reasons]
        return [*remarks, *errors, *([self._acknowledge()] if has_accepted else [])]

    def _begin(self, channel: str, products: list[str]) -> None:
        """Subscribe products of a channel."""
        new = self.add(channel, products)
        if channel == "heartbeat" and not self._has_ended:
            recorded = self._catalogue.get(channel, ())
            self._recorded_beats |= {one: _first_beat(one) for one in new if one in recorded}

    def _unsubscribe(self, request: Request) -> list[Reply]:
        for channel, products in request.channels.items():
            self.remove(channel, products)
        beating = self.subscribed.get("heartbeat", {})
        for beats in (self._beating, self._recorded_beats):
            for product in beats.keys() - beating:
                del beats[product]
        if not self._beating:
            self.next_due = None
        return [self._acknowledge()]

    def _refuse(self, channel: str, asked: list[str], *, is_authenticated: bool) -> tuple[str, str] | None:
        """Return the reason for which a channel cannot be subscribed, whatever is recorded, and the remark on it."""
        if channel not in self._channels:
            known = ", ".join(self._channels)
            return f"{channel} is not a valid channel", f"asks for channel {channel!r}; there is {known}"
        if not is_authenticated and (self._all_private or channel in _PRIVATE):
            remark = f"asks for {channel} without credentials, which the venue demands (unless with `--auth none`)"
            if channel in {"user", "balance"}:
                return self._settings.private_reason, remark
            return _NEEDS_AUTHENTICATION if channel in _PRIVATE else self._settings.direct_reason, remark
        if not asked and channel not in OPTIONAL_PRODUCTS and channel in NAMES:
            reason = self._settings.no_products_reason.replace("{channel}", channel)
            return reason, f"asks for {channel} without products"
        return None

    def _refuse_lacking(self, channel: str) -> tuple[str, str] | None:
        """Return the same where nothing of a channel is recorded, if that is refused."""
        if self._settings.lacking == "silent" or self.recorded_products(channel):
            return None
        return f"{channel} is not a valid channel", self.lacking_remark(channel, ()).text

    def _lacking(self, channel: str, products: Iterable[str]) -> list[str]:
        """Return those of the products of a channel that are not recorded; `""` stands for all."""
        recorded = self.recorded_products(channel)
        is_of_all = "" in recorded and (channel not in NAMES or channel in OPTIONAL_PRODUCTS)
        return [one for one in products if one not in recorded and not is_of_all and (one or not recorded)]

    def _choose(self, channel: str, asked: list[str]) -> tuple[list[str], list[str]]:
        """Return the products of a channel that the venue has, and those that it does not have; `""` stands for all."""
        if not asked or channel in _FOR_ALL:
            return [""], []
        return (asked, []) if channel == "balance" else self._products.parted(asked)

    def recorded_products(self, channel: str) -> Collection[str]:
        sources: Iterable[str] = self._routes.sources(channel)
        if channel == "heartbeat":  # they can be made of any product
            sources = self._catalogue.keys() - {"balance"}
        found = {product for source in sources for product in self._catalogue.get(source, ())}
        return found if channel in OPTIONAL_PRODUCTS or channel not in NAMES else found - {""}

    def begins_with(self, channel: str, product: str) -> Iterable[Key]:
        described = described_name(channel)
        if described == "level3":  # with the schema of its rows, which is of all products
            return ((described, ""),)
        if described == "heartbeat":  # made of any product, unless they are recorded
            is_recorded = not self._has_ended and product in self._catalogue.get("heartbeat", ())
            return () if is_recorded else ((described, product),)
        return ((described, product),) if described in STATEFUL and self._is_recorded(channel, product) else ()

    def _is_recorded(self, channel: str, product: str) -> bool:
        """Tell whether a product is one of `recorded_products`, without collecting them: clients may ask in a flood."""
        is_one = bool(product) or channel in OPTIONAL_PRODUCTS or channel not in NAMES
        return is_one and any(product in self._catalogue.get(source, ()) for source in self._routes.sources(channel))

    def give_state(self, key: Key, snapshot: bytes | None, time: int) -> Sequence[Reply]:
        channel, product = key
        if channel != "heartbeat":
            return super().give_state(key, snapshot, time)
        last = None if snapshot is None else msgspec.json.decode(snapshot, type=Heartbeat)
        self._beating[product] = last or _first_beat(product)
        self._begin_beating(time)
        return ()

    def _find_takers(self) -> dict[str, frozenset[str]]:
        found = {}
        for described, names in self._routes.takers.items():
            products = frozenset(product for name in names for product in self.subscribed.get(name, ()))
            if products:
                found[described] = products
        return found

    def _is_last_match_of_full(self, info: FrameInfo) -> bool:
        """Tell whether a frame is not for the client because full begins without a last_match."""
        return info.channel == "matches" and info.kind == "snapshot" and not self._has_asked_matches(info.products)

    def _has_asked_matches(self, products: Iterable[str]) -> bool:
        is_of_another = "matches" not in self._routes.takers["matches"]
        return is_of_another or not self.subscribed.get("matches", {}).keys().isdisjoint(products)

    def withholds(self, info: FrameInfo) -> bool:
        is_row = info.channel == "level3" and info.products
        return not is_row and super().withholds(info)

    def _begin_beating(self, time: int) -> None:
        if self._beating and self.next_due is None:
            self.next_due = self.clock.next_second(time)

    def _note_numbers(self, info: FrameInfo) -> None:
        product = info.products[0] if info.products else ""
        beat = self._beating.get(product) or self._recorded_beats.get(product)
        if beat is None:
            return
        if info.sequence is not None:
            beat.sequence = later_number(beat.sequence, info.sequence)
        if isinstance(info, TradeInfo):
            beat.last_trade_id = later_number(beat.last_trade_id, info.trade_id)

    def _acknowledge(self) -> Send:
        """Return the ack of everything subscribed, as of 2026-09-30; it has no time."""
        channels: list[dict[str, Any]] = []
        for channel, products in self.subscribed.items():
            ids = [product for product in products if product]
            accounts = ids if channel == "balance" else None
            listed = [] if channel == "balance" else ids
            channels.append({"name": ACK_NAMES.get(channel, channel), "product_ids": listed, "account_ids": accounts})
        return send_json({"type": "subscriptions", "channels": channels})


def _first_beat(product: str) -> Heartbeat:
    return Heartbeat("heartbeat", 0, product, 0, "")


def error(message: str, reason: str | None = None) -> Send:
    """Return an error of the venue."""
    fields = {"type": "error", "message": message}
    return send_json(fields if reason is None else {**fields, "reason": reason})
