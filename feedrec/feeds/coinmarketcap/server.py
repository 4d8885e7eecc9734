"""
The server half of CoinMarketCap: a recording answers as the venue would.

1. A client is welcomed with the interval of its pings, or closed on if its API key is missing or not accepted, with no
   message before, as documented.
2. A subscription is acknowledged at once, with the number of those there are; one that is there already is a
   `duplicate` and counts once. What the recordings lack is acknowledged all the same and stays silent, as the venue
   does with an address of which nothing happens; the person who runs the replay is told.
3. A push goes to whoever subscribed the one product that it names, once, however many subscriptions list it, as it was
   recorded. Recorded answers of the venue are not sent.
4. A product that is new begins with its last value, see `state`. If one is recorded before that is found, it is the
   last value.
5. What is refused gets the documented error, with a `status`; the connection stays open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import parse_qs

import msgspec

from ...model import Frame, FrameInfo, format_time
from ..auth import Auth
from ..venue import Catalogue, Close, Handshake, Key, Remark, Reply, Send
from .channels import PARAMS, identity, products_of, value_problem
from .codes import CLOSE_CODES, ERROR_CODES
from .limits import PING_INTERVAL, SUBSCRIPTIONS_PER_CONNECTION
from .requests import Request, parse_request
from .state import state_key, state_keys

__all__ = ["KEY_HEADER", "CoinMarketCapServer", "Settings"]

KEY_HEADER = "X-CMC_PRO_API_KEY"
"""Header of the handshake that bears the API key (overview, "Authentication")."""

_KEY_FIELD = "CMC_PRO_API_KEY"  # of the query; works as well (seen with a live recorder, 2026)
_METHODS = ("subscribe", "unsubscribe", "unsubscribe_all", "ping")
_MOST_LISTED = 5
_NO_MESSAGES: tuple[bytes, ...] = ()


class Settings(msgspec.Struct, frozen=True):
    """
    What is not known of the venue, or differs between accounts.

    Attributes:
        ping_interval_ms: As the welcome message says it.
        pong: `documented`, or `observed` (2026-09-15, without a type).
        sub_limit: Subscriptions that a connection carries.
        message_limit: Bytes above which a message is too long; 0 for none, as it is not documented.
        idle_timeout: Seconds after which a client that subscribed nothing is disconnected; 0 for never.
        close_handshake: The close code with which each client is turned away, 4004 for instance; 0 for none.
        refuse_with: The error code with which each subscription is refused, 1010 for instance; 0 for none.
        last_value: Whether a subscription begins with the last known value.

    """

    ping_interval_ms: int = round(PING_INTERVAL * 1000)
    pong: Literal["documented", "observed"] = "documented"
    sub_limit: int = SUBSCRIPTIONS_PER_CONNECTION
    message_limit: int = 0
    idle_timeout: float = 0.0
    close_handshake: Literal[0, 4004, 4100, 4101, 4102] = 0
    refuse_with: int = 0
    last_value: bool = True


class _Refused(Exception):  # noqa: N818  it is an answer
    """What a message asks for is refused with an error code."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class CoinMarketCapServer:
    """
    The server half for one connection.

    Args:
        catalogue: What the recordings hold.
        settings: What is not known of the venue.
        auth: Checks the API key; None to ask for none.

    Attributes:
        subscribe_within: See `FeedServer`; the venue has no such rule but for what is idle.
        next_due: Never: the venue sends nothing by itself.

    """

    next_due: int | None = None

    def __init__(self, catalogue: Catalogue, settings: Settings, auth: Auth | None = None) -> None:
        self.subscribe_within = settings.idle_timeout or None
        self._catalogue = catalogue
        self._settings = settings
        self._auth = auth
        self._subscribed: dict[bytes, tuple[str, tuple[str, ...]]] = {}
        self._takers: dict[str, dict[str, None]] = {}
        self._wanted: dict[Key, None] = {}
        self._has_subscribed = False

    @property
    def wanted(self) -> frozenset[Key]:
        """What waits for `on_state`; see `FeedServer`."""
        return frozenset(self._wanted)

    @property
    def has_subscribed(self) -> bool:
        """Whether a subscription was ever accepted; see `FeedServer`."""
        return self._has_subscribed

    def on_open(self, handshake: Handshake, time: int) -> list[Reply]:
        """Welcome a client, or close on it for its API key."""
        code = self._settings.close_handshake
        if code:
            return [Close(code, CLOSE_CODES[code].reason)]
        refusal = self._auth.check_api_key(_api_key(handshake)) if self._auth is not None else None
        if refusal is not None:
            return [Remark(f"is refused: {refusal}"), Close(4100, CLOSE_CODES[4100].reason)]
        return [_send({"type": "welcome", "ts": _ms(time), "ping_interval_ms": self._settings.ping_interval_ms})]

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        """Answer the client; see `FeedServer`."""
        request = parse_request(message)
        try:
            self._check_length(message)
            return self._answer(request, time)
        except _Refused as refused:
            return [_error(refused, request, time)]

    def on_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> list[Reply]:  # noqa: ARG002
        """Give the last values that there are, in the order of the subscriptions."""
        replies: list[Reply] = []
        for key in [key for key in self._wanted if key in snapshots]:
            del self._wanted[key]
            payload = snapshots[key]
            if payload is not None:
                replies.append(Send(payload))
        return replies

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[bytes]:
        """Pass on what the client subscribed."""
        takers = self._takers.get(info.channel)
        if takers is None:
            return _NO_MESSAGES
        products = info.products
        if products and takers.keys().isdisjoint(products):
            return _NO_MESSAGES
        if self._wanted and (key := state_key(info)) is not None:
            self._wanted.pop(key, None)
        return (frame.payload,)

    def on_due(self, time: int) -> Sequence[bytes]:  # noqa: ARG002
        """Have nothing to send; see `next_due`."""
        return _NO_MESSAGES

    def on_silence(self) -> list[Reply]:
        """Close on a client that is idle."""
        return [Close(1001, CLOSE_CODES[1001].reason)]

    def on_restart(self) -> None:
        """Begin again with the last values of everything that is subscribed."""
        self._wanted = {}
        for channel, products in self._takers.items():
            self._want(channel, products)

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
            self._leave(list(self._subscribed))
            return [self._acknowledge(request)]
        if method == "subscribe":
            return self._subscribe(request)
        if method == "unsubscribe":
            return self._unsubscribe(request)
        raise _Refused("2202", f"Allowed methods: {', '.join(_METHODS)}.")

    def _subscribe(self, request: Request) -> list[Reply]:
        channel, params = _channel_of(request), _params_of(request) or {}
        _check(channel, params)
        if self._settings.refuse_with:
            raise _Refused(str(self._settings.refuse_with))
        subscription = identity(channel, params)
        if subscription in self._subscribed:
            return [self._acknowledge(request, duplicate=True)]
        limit = self._settings.sub_limit
        if len(self._subscribed) >= limit:
            raise _Refused("2303", f"Current: {len(self._subscribed)}, max: {limit}.")
        products = products_of(channel, params)
        takers = self._takers.setdefault(channel, {})
        self._want(channel, [product for product in products if product not in takers])
        self._subscribed[subscription] = (channel, products)
        takers.update(dict.fromkeys(products))
        self._has_subscribed = True
        return [*self._remark_on(channel, products), self._acknowledge(request)]

    def _unsubscribe(self, request: Request) -> list[Reply]:
        """Leave one subscription, or without parameters a whole channel; what is not there is left all the same."""
        channel, params = _channel_of(request), _params_of(request)
        if params is None:
            self._leave([key for key, (name, _) in self._subscribed.items() if name == channel])
        else:
            _check(channel, params)
            self._leave([identity(channel, params)])
        return [self._acknowledge(request)]

    def _leave(self, subscriptions: Sequence[bytes]) -> None:
        for subscription in subscriptions:
            self._subscribed.pop(subscription, None)
        self._takers = {}
        for channel, products in self._subscribed.values():
            self._takers.setdefault(channel, {}).update(dict.fromkeys(products))
        if self._wanted:
            kept = {
                key
                for channel, products in self._takers.items()
                for one in products
                for key in state_keys(channel, one)
            }
            self._wanted = {key: None for key in self._wanted if key in kept}

    def _want(self, channel: str, products: Sequence[str] | dict[str, None]) -> None:
        if self._settings.last_value:
            self._wanted.update(dict.fromkeys(key for product in products for key in state_keys(channel, product)))

    def _remark_on(self, channel: str, products: Sequence[str]) -> list[Reply]:
        """Tell of what was not found in the recordings."""
        recorded = self._catalogue.get(channel, ())
        if not recorded:
            there = ", ".join(sorted(name for name in self._catalogue if name in PARAMS)) or "no channel"
            return [Remark(f"subscribes {channel}, which the recording lacks; it has {there}")]
        known = set(recorded)
        lacking = [product for product in products if product not in known]
        if not lacking:
            return []
        return [
            Remark(f"subscribes {channel} of {_few(lacking)}, which the recording lacks; it has {_few(sorted(known))}")
        ]

    def _acknowledge(self, request: Request, *, duplicate: bool = False) -> Send:
        """Make an ack: keys of the documented example; `params` as observed in 2026."""
        ack: dict[str, Any] = {"type": "ack", **_id_of(request), "code": 0, "msg": "ok"}
        ack |= {name: request.echoed[name] for name in ("channel", "params") if name in request.echoed}
        ack |= {"sub_count": len(self._subscribed), "sub_limit": self._settings.sub_limit}
        return _send(ack | {"duplicate": True} if duplicate else ack)

    def _pong(self, request: Request, time: int) -> Send:
        if self._settings.pong == "observed":
            return _send({**_id_of(request), "code": 0, "ts": _ms(time), "msg": "PONG"})
        return _send({"type": "pong", **_id_of(request), "code": 0, "ts": _ms(time)})


def _channel_of(request: Request) -> str:
    channel = request.channel
    if channel is None:
        raise _Refused("2204", "Field 'channel' is required.")
    if not isinstance(channel, str) or channel not in PARAMS:
        raise _Refused("2301", f"Channel {channel!r} does not exist.")
    return channel


def _params_of(request: Request) -> dict[str, Any] | None:
    params = request.params
    if params is not None and not isinstance(params, dict):
        raise _Refused("2201", "Field 'params' must be an object.")
    return params


def _check(channel: str, params: Mapping[str, Any]) -> None:
    """Refuse parameters of a known channel; the text for a missing one was observed in 2026."""
    for param in PARAMS[channel]:
        value = params.get(param.name)
        if value is None:
            if param.is_required:
                raise _Refused("2401", f"Param '{param.name}' is required for channel '{channel}'.")
            continue
        problem = value_problem(param, value)
        if problem is not None:
            raise _Refused("2402", f"Param '{param.name}' must be {problem} for channel '{channel}'.")


def _api_key(handshake: Handshake) -> str | None:
    """Give the API key of a handshake, from its header or its query."""
    given = parse_qs(handshake.target.partition("?")[2]).get(_KEY_FIELD, [None])
    return handshake.headers.get(KEY_HEADER.lower()) or given[0]


def _error(refused: _Refused, request: Request | None, time: int) -> Send:
    """Make an error: keys of the documented example, its time with three decimals."""
    known = ERROR_CODES.get(refused.code, ERROR_CODES["5001"])
    status = {"timestamp": f"{format_time(time)[:23]}Z", "error_code": refused.code, "category": known.category}
    status |= {"error_message": known.message}
    status |= {"error_detail": refused.detail} if refused.detail else {}
    return _send({"type": "error", **_id_of(request), "status": status})


def _id_of(request: Request | None) -> dict[str, Any]:
    return {"id": request.echoed["id"]} if request is not None and "id" in request.echoed else {}


def _send(fields: Mapping[str, Any]) -> Send:
    return Send(msgspec.json.encode(fields))


def _ms(time: int) -> int:
    return time // 1_000_000


def _few(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_LISTED
    return ", ".join(texts[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
