"""
Coinbase Exchange: wss://ws-feed.exchange.coinbase.com, its direct counterpart, and the sandboxes of both.

Sources: "Exchange WebSocket Overview", "... Channels", "... Authentication" and "... Best Practices" of
docs.cdp.coinbase.com; captures of 2021-04-17 and of 2022 to 2026 where prose and wire differ: the ack comes first, and
has other names for level2_batch and ticker_batch; zero sizes and prices have any number of decimals; `type` need not be
the first key.

    channels.py         the channels, and their other names
    frames.py           what a frame is
    client.py           the client half
    client_requests.py  what a client asks for
    server.py           the server half
    product_list.py     the products that it lists
    routes.py           which frames are for which channel of a client
    sequences.py        what numbers tell of missing frames
    trade_numbers.py    what numbers tell of each other
    state.py            the market for late clients
    book.py             the level2 book of a product
    settings.py         what can be set in a replay of it
    rest/               what clients ask over HTTP
    trimming.py         frames with the best levels alone
    tracks.py           what two connections have in common
    limits.py           limits that the venue sets
    market/             what its frames tell of the market

The halves, and what else few runs of feedrec need, are imported when they are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from ...errors import UsageError
from ...model import NANOSECONDS
from ..base import Channel, FeedClient, ProductList, SequenceRule, Subscription
from ..credentials import EXCHANGE_KEY, Credentials, CredentialsKind, ExchangeKey
from ..defaults import FeedDefaults
from ..rewriting.frame_change import FrameChange, IdKeys
from ..rewriting.time_fields import TimeFields
from ..server_half.closing import COMMON_SETTINGS
from ..server_half.settings import describe_settings, read_settings
from ..venue import Catalogue, FeedServer, FeedState, Key, Sample, Setting
from .channels import CHANNELS, HEARTBEAT, channel_name, described_name, product_name, products_with_heartbeats
from .frames import describe, own_time
from .limits import CONNECTIONS_PER_SECOND, MESSAGES_PER_SECOND, SUBSCRIBE_WITHIN
from .routes import Routes
from .sequences import ExchangeSequence
from .settings import Settings

if TYPE_CHECKING:
    from ..auth import Auth
    from ..checking import FrameCheck
    from ..market.reader import MarketReader
    from ..rest import RestHalf
    from ..tracks.track_rule import TrackRule

__all__ = ["FEEDS", "CoinbaseExchange"]

_ACCOUNT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class CoinbaseExchange(FeedDefaults):
    """
    An endpoint of Coinbase Exchange.

    Args:
        name: Its name in the catalogue.
        url: Its live address.
        is_direct: Whether it is a direct one, where everything needs credentials.
        is_sandbox: Whether it is a sandbox.

    Attributes:
        needs_credentials: See `Feed`.

    """

    channels: Mapping[str, Channel] = {channel.name: channel for channel in CHANNELS}
    default_products: tuple[str, ...] = ("BTC-USD",)
    heartbeat_channel: str | None = HEARTBEAT
    product_channel: str | None = "status"
    book_channels: Mapping[str, str] = {"level2": "level2", "level2_batch": "level2"}
    credentials: CredentialsKind | None = EXCHANGE_KEY
    connections_per_second: int | None = CONNECTIONS_PER_SECOND
    messages_per_second: int | None = MESSAGES_PER_SECOND
    limits: tuple[str, ...] = (f"subscribe within {SUBSCRIBE_WITHIN:g} seconds",)

    settings: Sequence[Setting] = describe_settings(Settings)
    describe = staticmethod(describe)
    own_time = staticmethod(own_time)
    channel_name = staticmethod(channel_name)
    product_name = staticmethod(product_name)

    def __init__(self, name: str, url: str, *, is_direct: bool = False, is_sandbox: bool = False) -> None:
        self.name = name
        kind = "the direct feed" if is_direct else "the feed"
        self.summary = f"Coinbase Exchange, {kind}{' of the sandbox' if is_sandbox else ''}"
        self.url = url
        self.needs_credentials = is_direct
        self._is_sandbox = is_sandbox
        self._routes = Routes()
        self.failover = name.replace("-direct", "") if is_direct else None
        self.default_channels: tuple[str, ...] = ("level2",) if is_direct else ("level2_batch",)

    @property
    def rest(self) -> RestHalf:
        """The REST half; see `rest_half_of`. The direct feed has no host of its own for it."""
        from .rest import ExchangeRest

        sandbox = ".sandbox" if self._is_sandbox else ""
        begin = "api-public" if self._is_sandbox else "api"
        return ExchangeRest([f"{begin}{sandbox}.{name}.coinbase.com" for name in ("exchange", "pro")])

    def has_heartbeats(self, subscriptions: Sequence[Subscription]) -> bool:
        """Whether there are products that heartbeats can be of."""
        return bool(products_with_heartbeats(subscriptions))

    def spread(self, subscriptions: Sequence[Subscription]) -> list[list[Subscription]]:
        """Refuse channels whose frames look the same, and invalid accounts; see `Feed`."""
        products = {one.channel: set(one.products) for one in subscriptions}
        for channel in ("level2", "ticker"):
            batch = f"{channel}_batch"
            for product in products.get(channel, set()) & products.get(batch, set()):
                raise UsageError(f"{channel} and {batch} of {product} send frames that look the same; choose one")
        wrong = [account for account in products.get("balance", ()) if not _ACCOUNT_ID.fullmatch(account)]
        if wrong or not products.get("balance", {""}):
            said = f", not {wrong[0]!r}" if wrong else ""
            raise UsageError(f"balance takes account ids{said}; write it as balance:d50ec984-77a8-460a-...")
        return super().spread(subscriptions)

    def listed_products(self, payload: bytes) -> ProductList | None:
        """Return the products of a frame of `status`; see `Feed`."""
        from .product_list import listed_products

        return listed_products(payload)

    def sequence_rule(self, *, from_start: bool) -> SequenceRule:  # noqa: ARG002
        """Return the rule of sequences by product; see `Feed`. They continue over connections."""
        return ExchangeSequence()

    def checks(self) -> list[FrameCheck]:
        """Return what checks the books, and the numbers of trades; see `FeedDefaults`."""
        from .trade_numbers import TradeNumbers

        return [*super().checks(), TradeNumbers()]

    @property
    def time_fields(self) -> TimeFields:
        """Where frames have times; see `time_fields_of`."""
        return TIME_FIELDS

    def id_keys(self) -> IdKeys:
        """Return where ids are; trades are counted by theirs; see `Feed`."""
        return ID_KEYS

    def trimming(self, levels: int) -> FrameChange:
        """Return what cuts the frames of `level2`; see `Feed`."""
        from .trimming import TrimmedFrames

        return TrimmedFrames(levels)

    def track_rule(self, channels: Collection[str]) -> TrackRule:
        """Return what two connections have in common; see `Feed`."""
        from .tracks import ExchangeTracks

        return ExchangeTracks(channels)

    def client(self, subscriptions: Sequence[Subscription], credentials: Credentials | None = None) -> FeedClient:
        """Return the client half for a new connection, with a key that signs if there is one; see `Feed`."""
        from .client import CoinbaseExchangeClient

        return CoinbaseExchangeClient(subscriptions, self.check_credentials(credentials, ExchangeKey))

    def server(self, catalogue: Catalogue, settings: Mapping[str, str], auth: Auth | None = None) -> FeedServer:
        """Return the server half for a new connection; see `VenueFeed`. Without `auth` no credentials are required."""
        from ..server_half.rate_limits import limit_rates
        from .server import CoinbaseExchangeServer, error

        chosen = read_settings(Settings, settings, self.name, *COMMON_SETTINGS)
        server = CoinbaseExchangeServer(
            catalogue, chosen, auth, all_private=self.needs_credentials, channels=self.channels, routes=self._routes
        )
        return limit_rates(server, chosen, error, lambda _: True)

    def as_recorded(self, sample: Sample) -> CoinbaseExchange:
        """Return an endpoint with all channels requested, which get the frames that are theirs; see `VenueFeed`."""
        other = cast(CoinbaseExchange, self.with_channels(sample.requested.keys()))
        other._routes = Routes(sample.requested)  # noqa: SLF001
        return other

    def market_reader(self) -> MarketReader:
        """Return what reads its frames; see `market_reader_of`."""
        from .market.reader import ExchangeMarketReader

        return ExchangeMarketReader()

    def state(self, wanted: Collection[Key] | None) -> FeedState | None:
        """Return an empty state; see `VenueFeed`."""
        from .state import STATEFUL, MarketState

        if wanted is None:
            return MarketState()
        kept = [key for key in wanted if described_name(key[0]) in STATEFUL]
        return MarketState(kept) if kept else None


ID_KEYS = IdKeys(
    {
        "order_id": "order",
        "maker_order_id": "order",
        "taker_order_id": "order",
        "client_oid": "order",
        "trade_id": "trade",
        "last_trade_id": "trade",
        "user_id": "user",
        "maker_user_id": "user",
        "taker_user_id": "user",
        "profile_id": "profile",
        "maker_profile_id": "profile",
        "taker_profile_id": "profile",
        "account_id": "account",
        "account_ids": "account",
    },
    rows=True,
    counted={"matches": "trade", "heartbeat": "trade"},
)
"""Exchange channels page; rows of level3 have ids at places of their own."""


TIME_FIELDS = TimeFields(texts=("time", "timestamp", "updated"), numbers={"timestamp": NANOSECONDS}, rows=True)
"""
Exchange channels page: `timestamp` is a text in `auction` and `balance`, and seconds with decimals in `activate`; rows
of level3 end with the time.
"""


FEEDS = {
    feed.name: feed
    for feed in (
        CoinbaseExchange("coinbase-exchange", "wss://ws-feed.exchange.coinbase.com"),
        CoinbaseExchange("coinbase-exchange-direct", "wss://ws-direct.exchange.coinbase.com", is_direct=True),
        CoinbaseExchange(
            "coinbase-exchange-sandbox", "wss://ws-feed-public.sandbox.exchange.coinbase.com", is_sandbox=True
        ),
        CoinbaseExchange(
            "coinbase-exchange-direct-sandbox",
            "wss://ws-direct.sandbox.exchange.coinbase.com",
            is_direct=True,
            is_sandbox=True,
        ),
    )
}
"""The endpoints by name."""
