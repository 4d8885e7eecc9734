"""
The server half of CoinMarketCap, which answers from a recording as the venue would.

1. A client is welcomed with the interval of its pings or, if its API key is missing or not accepted, disconnected
   without a message, as documented.
2. A subscription is acknowledged at once, with the number of subscriptions; a repeated one is a `duplicate` and counts
   once. What the recordings lack is acknowledged all the same and stays silent, as the venue does with an address where
   nothing happens; the person who runs the replay gets a remark.
3. A push goes to every client that subscribed its product, once, however many subscriptions list it, as it was
   recorded. Recorded answers of the venue are not sent. A message of a type or channel that is not known here goes to
   every client that has subscribed anything.
4. A new product begins with its last value, see `state`. A push that is recorded before that value is found takes its
   place.
5. What is refused gets the documented error, with a `status`; the connection stays open, and the person who runs the
   replay gets a remark.
6. With `connection_limit`, one connection too many of an API key is closed at once, as documented.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from ...model import Frame, FrameInfo, format_time
from ...spelling import few_of
from ..auth import Auth
from ..base import Subscription
from ..server_half import SubscribingServer, send_json
from ..venue import Catalogue, Close, Handshake, Key, Remark, Reply, Send
from .channels import PARAMS, identity, products_of, value_problem
from .client_requests import Request, parse_request
from .codes import CLOSE_CODES, ERROR_CODES
from .frames import is_welcome
from .settings import Settings
from .state import state_key, state_keys

__all__ = ["KEY_FIELD", "KEY_HEADER", "CoinMarketCapServer"]

KEY_HEADER = "X-CMC_PRO_API_KEY"
"""Header of the handshake that carries the API key (overview, "Authentication")."""

KEY_FIELD = "CMC_PRO_API_KEY"  # of the query; works as well (seen with a live recorder, 2026)
_METHODS = ("subscribe", "unsubscribe", "unsubscribe_all", "ping")


class _Refused(Exception):  # noqa: N818  it is an answer
    """What a message asks for is refused with an error code."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or ERROR_CODES[code].message)
        self.code = code
        self.detail = detail


class CoinMarketCapServer(SubscribingServer):
    """
    The server half for one connection. A client may take any time to subscribe, unless `idle_timeout` says otherwise.

    Args:
        catalogue: What the recordings hold.
        settings: What is not known about the venue.
        auth: Checks the API key; None to require none.
        channels: The channels that can be subscribed; one that the overview does not have takes any parameters.

    """

    def __init__(
        self,
        catalogue: Catalogue,
        settings: Settings,
        auth: Auth | None = None,
        *,
        channels: Collection[str] = PARAMS.keys(),
    ) -> None:
        super().__init__(catalogue, settings.idle_timeout, 1001, CLOSE_CODES[1001].reason, channels=channels)
        self._channels = channels
        self._settings = settings
        self._auth = auth
        self._subscriptions: dict[bytes, tuple[str, tuple[str, ...]]] = {}  # channel and products, by identity
        self._leave_venue: Callable[[], None] | None = None

    def on_open(self, handshake: Handshake, time: int) -> list[Reply]:
        """Welcome a client, or disconnect it for its API key."""
        time = self.clock.at(time)
        code = self._settings.close_handshake
        if code:
            return [Close(code, CLOSE_CODES[code].reason)]
        refusal = self._auth.check_api_key(_api_key(handshake)) if self._auth is not None else None
        if refusal is not None:
            return [Remark(f"is refused: {refusal}"), Close(4100, CLOSE_CODES[4100].reason)]
        limit, key = self._settings.connection_limit, _api_key(handshake)
        connections = handshake.visitors.come(key)
        self._leave_venue = partial(handshake.visitors.leave, key)
        if limit and connections > limit:
            self.on_close()  # it does not count while it is being closed
            has = "1 connection" if limit == 1 else f"{limit} connections"
            return [Remark(f"is refused: its API key has {has}"), Close(4004, CLOSE_CODES[4004].reason)]
        return [send_json({"type": "welcome", "ts": _ms(time), "ping_interval_ms": self._settings.ping_interval_ms})]

    def on_close(self) -> None:
        if self._leave_venue is not None:
            self._leave_venue()
            self._leave_venue = None

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        request, time = parse_request(message), self.clock.at(time)
        try:
            self._check_length(message)
            return self._answer(request, time)
        except _Refused as refused:
            return [_error(refused, request, time), Remark(f"is refused with {refused.code}: {refused}")]

    def lacking(self, message: bytes) -> list[Subscription]:
        request = parse_request(message)
        if request is None or request.method != "subscribe":
            return []
        try:
            channel, params = self._channel_of(request), _params_of(request) or {}
            _check(channel, params)
        except _Refused:
            return []
        lacking = self._lacking(channel, products_of(channel, params))
        return [Subscription(channel, (), _of_products(channel, params, lacking))] if lacking else []

    def on_slow(self) -> list[Reply]:
        return [Close(1011, CLOSE_CODES[1011].reason)]

    def _check_length(self, message: bytes) -> None:
        limit = self._settings.message_limit
        if not message or (limit and len(message) > limit):
            raise _Refused("2203", f"A message has 1 to {limit} bytes." if limit else "The message is empty.")

    def _answer(self, request: Request | None, time: int) -> list[Reply]:
        if request is None:
            raise _Refused("2201", "A message is a JSON object.")
        method = request.method
        if method is None:
            raise _Refused("2204", "Field 'method' is required.")
        if method == "ping":
            return [self._pong(request, time)]
        if method == "unsubscribe_all":
            self._leave(list(self._subscriptions))
            return [self._acknowledge(request)]
        if method == "subscribe":
            return self._subscribe(request)
        if method == "unsubscribe":
            return self._unsubscribe(request)
        raise _Refused("2202", f"Allowed methods: {', '.join(_METHODS)}.")

    def _subscribe(self, request: Request) -> list[Reply]:
        channel, params = self._channel_of(request), _params_of(request) or {}
        _check(channel, params)
        if self._settings.refuse_with:
            raise _Refused(str(self._settings.refuse_with))
        subscription = identity(channel, params)
        if subscription in self._subscriptions:
            return [self._acknowledge(request, duplicate=True)]
        limit = self._settings.sub_limit
        if len(self._subscriptions) >= limit:
            raise _Refused("2303", f"Current: {len(self._subscriptions)}, max: {limit}.")
        products = products_of(channel, params) if channel in PARAMS else ("",)  # else it is not known what they are
        lacking = self._lacking(channel, products)
        if lacking and self._settings.lacking == "refused":
            raise _Refused("2402" if channel in self._catalogue else "2301", f"{few_of(lacking)} is not recorded.")
        self._subscriptions[subscription] = (channel, products)
        self.add(channel, products)
        return [*([self.lacking_remark(channel, lacking)] if lacking else []), self._acknowledge(request)]

    def _lacking(self, channel: str, products: Iterable[str]) -> list[str]:
        """Return those of the products of a channel that are not recorded; `""` stands for all."""
        recorded = self.recorded_products(channel)
        known = {*recorded, *(("",) if channel in self._catalogue else ())}
        return [one for one in products if one not in known]

    def _unsubscribe(self, request: Request) -> list[Reply]:
        """End one subscription or, without parameters, a whole channel; acknowledge it even if there was none."""
        channel, params = self._channel_of(request), _params_of(request)
        if params is None:
            self._leave([key for key, (name, _) in self._subscriptions.items() if name == channel])
        else:
            _check(channel, params)
            self._leave([identity(channel, params)])
        return [self._acknowledge(request)]

    def _leave(self, subscriptions: Sequence[bytes]) -> None:
        for subscription in subscriptions:
            self._subscriptions.pop(subscription, None)
        self.subscribed = {}
        for channel, products in self._subscriptions.values():
            self.subscribed.setdefault(channel, {}).update(dict.fromkeys(products))
        self._settle()

    def _channel_of(self, request: Request) -> str:
        channel = request.channel
        if channel is None:
            raise _Refused("2204", "Field 'channel' is required.")
        if not isinstance(channel, str) or (channel not in self._channels and channel not in self._catalogue):
            raise _Refused("2301", f"Channel {channel!r} does not exist.")
        return channel

    def begins_with(self, channel: str, product: str) -> Iterable[Key]:
        return state_keys(channel, product) if self._settings.last_value else ()

    def withholds(self, info: FrameInfo) -> bool:
        """Pass on every push; where a last value is wanted, the push takes its place."""
        key = state_key(info)
        if key is not None:
            self._wanted.pop(key, None)
        return False

    def is_news(self, frame: Frame, info: FrameInfo) -> bool:
        return super().is_news(frame, info) and not is_welcome(frame.payload)

    def _acknowledge(self, request: Request, *, duplicate: bool = False) -> Send:
        """Return an ack: keys of the documented example; `params` as observed in 2026."""
        ack: dict[str, Any] = {"type": "ack", **_id_of(request), "code": 0, "msg": "ok"}
        ack |= {name: request.echoed[name] for name in ("channel", "params") if name in request.echoed}
        ack |= {"sub_count": len(self._subscriptions), "sub_limit": self._settings.sub_limit}
        return send_json(ack | {"duplicate": True} if duplicate else ack)

    def _pong(self, request: Request, time: int) -> Send:
        if self._settings.pong == "observed":
            return send_json({**_id_of(request), "code": 0, "ts": _ms(time), "msg": "PONG"})
        return send_json({"type": "pong", **_id_of(request), "code": 0, "ts": _ms(time)})


def _params_of(request: Request) -> dict[str, Any] | None:
    params = request.params
    if params is not None and not isinstance(params, dict):
        raise _Refused("2201", "Field 'params' must be an object.")
    return params


def _check(channel: str, params: Mapping[str, Any]) -> None:
    """Refuse invalid parameters of a known channel; the text for a missing one was observed in 2026."""
    for param in PARAMS.get(channel, ()):
        value = params.get(param.name)
        if value is None:
            if param.is_required:
                raise _Refused("2401", f"Param '{param.name}' is required for channel '{channel}'.")
            continue
        problem = value_problem(param, value)
        if problem is not None:
            raise _Refused("2402", f"Param '{param.name}' must be {problem} for channel '{channel}'.")


def _api_key(handshake: Handshake) -> str | None:
    """Return the API key of a handshake, from its header or its query."""
    given = parse_qs(handshake.target.partition("?")[2]).get(KEY_FIELD, [None])
    return handshake.headers.get(KEY_HEADER.lower()) or given[0]


def _error(refused: _Refused, request: Request | None, time: int) -> Send:
    """Return an error: keys of the documented example, its time with three decimals."""
    known = ERROR_CODES.get(refused.code, ERROR_CODES["5001"])
    status = {"timestamp": f"{format_time(time)[:23]}Z", "error_code": refused.code, "category": known.category}
    status |= {"error_message": known.message}
    status |= {"error_detail": refused.detail} if refused.detail else {}
    return send_json({"type": "error", **_id_of(request), "status": status})


def _id_of(request: Request | None) -> dict[str, Any]:
    return {"id": request.echoed["id"]} if request is not None and "id" in request.echoed else {}


def _ms(time: int) -> int:
    return time // 1_000_000


def _of_products(channel: str, params: Mapping[str, Any], products: Collection[str]) -> dict[str, Any]:
    """Return parameters without those values in lists that name none of some products."""

    def names_any(name: str, value: object) -> bool:
        return not set(products).isdisjoint(products_of(channel, {**params, name: [value]}))

    return {
        name: [one for one in value if names_any(name, one)] if isinstance(value, list) and channel in PARAMS else value
        for name, value in params.items()
    }
