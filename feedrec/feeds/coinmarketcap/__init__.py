"""
CoinMarketCap: wss://pro-stream.coinmarketcap.com/v1.

Sources: "WebSocket (Beta) Overview" and "Token" of CoinMarketCap's API documentation, 2026; where the pages are silent,
what live recorders and a probe of 2026-09-15 saw. The shape of the welcome message is not public: only its type and
`ping_interval_ms` are known.

    channels.py         the channels, and what each names
    frames.py           what a frame is
    client.py           the client half
    client_requests.py  what a client asks for
    server.py           the server half
    settings.py         what can be set in a replay of it
    params.py           parameters as a person writes them
    state.py            the last values for late clients
    tracks.py           what two connections have in common
    codes.py            what the venue refuses with
    limits.py           limits that the venue sets
    rest.py             the REST half

The halves, and what else few runs of feedrec need, are imported when they are asked for.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..api_key import CMC_KEY, ApiKey
from ..base import UNKNOWN_CHANNEL, Channel, FeedClient, Subscription
from ..connections.limits import ConnectionLimits
from ..credentials import Credentials, CredentialsKind
from ..defaults import FeedDefaults
from ..rewriting.frame_change import IdKeys
from ..rewriting.time_fields import TimeFields
from ..server_half.closing import COMMON_SETTINGS
from ..server_half.settings import describe_settings, read_settings
from ..venue import Catalogue, FeedServer, FeedState, Key, Sample, Setting
from .channels import CHANNELS, PARAMS, identity, products_of
from .codes import CLOSE_CODES, ERROR_CODES
from .frames import describe, own_time
from .limits import (
    CONNECTIONS,
    CREDITS_PER_MESSAGE,
    CREDITS_PER_SUBSCRIPTION,
    SHORTEST_PUSH_INTERVAL,
    SUBSCRIPTIONS_PER_CONNECTION,
)
from .settings import Settings

if TYPE_CHECKING:
    from ..auth import Auth
    from ..rest.half import RestHalf
    from ..tracks.track_rule import TrackRule

__all__ = ["FEEDS", "CoinMarketCap"]

_PRICES = "market@crypto_latest_price"
_MILLISECOND = 1_000_000
_PUSHES_PER_HOUR = 3600 // SHORTEST_PUSH_INTERVAL


class CoinMarketCap(FeedDefaults):
    """The endpoint of CoinMarketCap, for all of its channels. No channel is the default: each needs parameters."""

    name = "coinmarketcap"
    summary = "CoinMarketCap, prices of cryptocurrencies and on-chain data (beta)"
    url = "wss://pro-stream.coinmarketcap.com/v1"
    channels: Mapping[str, Channel] = {channel.name: channel for channel in CHANNELS}
    credentials: CredentialsKind | None = CMC_KEY
    needs_credentials = True
    connection_limits = ConnectionLimits(
        CONNECTIONS,
        SUBSCRIPTIONS_PER_CONNECTION,
        words=f"a plan has {CONNECTIONS} connections of {SUBSCRIPTIONS_PER_CONNECTION} each; "
        "put several ids or addresses into one subscription",
    )
    limits: tuple[str, ...] = (
        f"{SUBSCRIPTIONS_PER_CONNECTION} subscriptions on a connection; more are spread over several",
        f"{CONNECTIONS} connections for an API key",
        f"a plan's credits: {CREDITS_PER_SUBSCRIPTION} a subscription, or {CREDITS_PER_MESSAGE} a message",
    )

    settings: Sequence[Setting] = describe_settings(Settings)
    close_reasons: Mapping[int, str] = {code: one.reason for code, one in CLOSE_CODES.items()}
    describe = staticmethod(describe)
    own_time = staticmethod(own_time)
    named_products = staticmethod(products_of)
    """Parameters name what frames are of; see `LiveRun`, which asks a feed that has it."""

    @property
    def rest(self) -> RestHalf:
        """The REST half; see `rest_half_of`."""
        from .rest import CoinMarketCapRest

        return CoinMarketCapRest()

    def with_channels(self, names: Collection[str]) -> CoinMarketCap:
        """Return the endpoint with channels that it lacks, which take any parameters and need the key; see `Feed`."""
        other = copy.copy(self)
        new = (name for name in names if name not in self.channels)
        described = {name: Channel(name, UNKNOWN_CHANNEL, takes_products=False, needs_credentials=True) for name in new}
        other.channels = {**self.channels, **described}
        return other

    def parse_params(self, channel: str, query: str) -> dict[str, Any]:
        """Read the parameters of a subscription; see `Feed`."""
        from .params import parse_params, parse_unknown_params

        is_unknown = channel in self.channels and channel not in PARAMS
        return parse_unknown_params(channel, query) if is_unknown else parse_params(channel, query)

    def headers(self, credentials: Credentials | None) -> dict[str, str]:
        """
        Return the headers of the handshake.

        Raises:
            UsageError: If the credentials are for another venue.

        """
        from .server import KEY_HEADER

        key = self.check_credentials(credentials, ApiKey)
        return {} if key is None else {KEY_HEADER: key.key}

    def spread(self, subscriptions: Sequence[Subscription]) -> list[list[Subscription]]:
        """
        Put 100 subscriptions on each connection, without duplicates.

        Raises:
            UsageError: If there is none, one lacks a parameter, or there are more than 10 connections can carry.

        """
        from .params import check_params

        if not subscriptions:
            raise UsageError(f"{self.name} has no default channel: give one, such as -c '{_PRICES}?crypto_ids=1,1027'")
        by_identity: dict[bytes, Subscription] = {}
        for one in subscriptions:
            if one.channel not in self.channels or one.channel in PARAMS:
                check_params(one.channel, one.params)
            by_identity.setdefault(identity(one.channel, one.params), one)
        return super().spread(list(by_identity.values()))

    def plan_of(self, subscriptions: Sequence[Subscription]) -> str:
        """
        Say in one line what a run uses of the plan.

        The venue's pages name two prices; which one applies is not known, so both are named.

        Raises:
            UsageError: As `spread`.

        """
        connections = self.spread(subscriptions)
        count = sum(map(len, connections))
        ids = {one for part in connections for sub in part if sub.channel == _PRICES for one in _products(sub)}
        text = (
            f"{_counted(len(connections), 'connection')} of {CONNECTIONS}, {_counted(count, 'subscription')} of "
            f"{len(connections) * SUBSCRIPTIONS_PER_CONNECTION} on {'it' if len(connections) == 1 else 'them'}; "
            f"{count * CREDITS_PER_SUBSCRIPTION:g} credits at {CREDITS_PER_SUBSCRIPTION} a subscription, or "
            f"{CREDITS_PER_MESSAGE} a message (its pages name both prices)"
        )
        if not ids:
            return text
        credits_per_hour = len(ids) * _PUSHES_PER_HOUR * CREDITS_PER_MESSAGE
        return f"{text}: up to {credits_per_hour:g} an hour for prices of {_counted(len(ids), 'cryptocurrency')}"

    def track_rule(self, channels: Collection[str]) -> TrackRule:  # noqa: ARG002
        """Return what two connections have in common; see `Feed`."""
        from .tracks import CoinMarketCapTracks

        return CoinMarketCapTracks()

    def client(self, subscriptions: Sequence[Subscription], credentials: Credentials | None = None) -> FeedClient:
        """Return the client half for a new connection; see `Feed`. The API key is sent by `headers`."""
        self.check_credentials(credentials, ApiKey)
        from .client import CoinMarketCapClient

        return CoinMarketCapClient(subscriptions)

    def server(self, catalogue: Catalogue, settings: Mapping[str, str], auth: Auth | None = None) -> FeedServer:
        """Return the server half for a new connection; see `VenueFeed`. Without `auth` no API key is required."""
        from .server import CoinMarketCapServer

        chosen = read_settings(Settings, settings, self.name, *COMMON_SETTINGS)
        if chosen.refuse_with and str(chosen.refuse_with) not in ERROR_CODES:
            raise UsageError(f"{self.name} has no error code {chosen.refuse_with} (it has {', '.join(ERROR_CODES)})")
        return CoinMarketCapServer(catalogue, chosen, auth, channels=self.channels)

    def as_recorded(self, sample: Sample) -> CoinMarketCap:
        """Return the endpoint with all channels requested; see `VenueFeed`."""
        return self.with_channels(sample.requested.keys())

    @property
    def time_fields(self) -> TimeFields:
        """Where frames have times; see `time_fields_of`."""
        return TIME_FIELDS

    def id_keys(self) -> IdKeys:
        """Return where wallets and transactions are; see `Feed`."""
        return ID_KEYS

    def state(self, wanted: Collection[Key] | None) -> FeedState | None:
        """Return an empty state; see `VenueFeed`."""
        from .state import LastValues

        return LastValues(wanted)


def _products(subscription: Subscription) -> tuple[str, ...]:
    return products_of(subscription.channel, subscription.params)


def _counted(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"


ID_KEYS = IdKeys({"wa": "wallet", "wallet_address": "wallet", "ma": "wallet", "ba": "wallet", "tx": "transaction"})
"""
Wallets, and the transactions that lead to them ("On-chain" pages). Addresses of tokens and pools are what is traded:
they stay.
"""


TIME_FIELDS = TimeFields(
    texts=("timestamp",), numbers={"ts": _MILLISECOND}, starts={"ot": _MILLISECOND}, interval_key="interval"
)
"""
"On-chain" pages: `ts` is the sending of a message, and in its data when a block was made; `ot` the opening of a kline,
of the interval in its parameters. An error has a `timestamp`.
"""


FEEDS = {"coinmarketcap": CoinMarketCap()}
"""The endpoints by name."""
