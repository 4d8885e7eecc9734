"""
Coinbase Advanced Trade: wss://advanced-trade-ws.coinbase.com, and wss://advanced-trade-ws-user.coinbase.com.

Sources: "Advanced Trade WebSocket Overview" and "... Channels" of docs.cdp.coinbase.com, and a capture of 2026-08-09
where the prose and the wire differ: one sequence per connection over all channels, starting at 0; snapshots before the
ack; level2 arrives as `l2_data`. The user endpoint, whose frames have an empty `client_id`, was captured on 2024-10-04
and 2026-09-30.

    channels.py         the channels of each endpoint
    frames.py           what a frame is
    client.py           the client half
    client_requests.py  what a client asks for
    server.py           the server half
    product_list.py     the products that it lists
    batches/            ticker_batch of recorded tickers
    answers.py          what it writes itself
    heartbeats.py       the heartbeats that it makes
    numbering.py        the numbers of frames for one client
    state.py            the market for late clients
    book.py             the level2 book of a product
    trimming.py         frames with the best levels alone
    tracks.py           what two connections have in common
    market/             what its frames tell of the market
    account.py          orders, positions, balances
    settings.py         what can be set in a replay of it
    limits/             limits that the venue sets
    rest/               the REST half

The halves, and what else few runs of feedrec need, are imported when they are asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from ...model import NANOSECONDS
from ..base import BookSubscription, Channel, ConnectionSequence, FeedClient, ProductList, SequenceRule, Subscription
from ..connections.limits import ConnectionLimits
from ..credentials import CDP_KEY, CdpKey, Credentials, CredentialsKind
from ..defaults import FeedDefaults
from ..products import upper_case_product
from ..rewriting.frame_change import FrameChange, IdKeys
from ..rewriting.time_fields import TimeFields
from ..server_half.closing import COMMON_SETTINGS
from ..server_half.settings import describe_settings, read_settings
from ..venue import Catalogue, FeedServer, FeedState, Key, Sample, Setting
from .channels import (
    HEARTBEATS,
    HEARTBEATS_CHANNEL,
    KNOWN,
    MARKET_CHANNELS,
    PRIVATE_CHANNELS,
    STATUS,
    USER,
    channel_name,
)
from .frames import client_id_of, describe, describe_all, own_time
from .limits import CONNECTIONS_PER_SECOND, MAX_LEVEL2_PRODUCTS, MESSAGES_PER_SECOND, ONE_CONNECTION, SUBSCRIBE_WITHIN
from .settings import Settings

if TYPE_CHECKING:
    from ...model import FrameInfo
    from ..market.reader import MarketReader
    from ..rest.half import RestHalf
    from ..tracks.track_rule import TrackRule
from ..auth import Auth

__all__ = ["FEED", "FEEDS", "USER_FEED", "CoinbaseAdvanced"]


class CoinbaseAdvanced(FeedDefaults):
    """
    An endpoint of Advanced Trade.

    Args:
        name: Its name in the catalogue.
        url: Its live address.
        user_only: Whether it has nothing but the private channels and heartbeats.

    Attributes:
        needs_credentials: See `Feed`; heartbeats alone would not need any.
        client_id: That of the frames that a server half makes, as JSON; empty for none.
        is_sparse: Whether holes in the numbers of a recorded connection are no gaps.

    """

    heartbeat_channel: str | None = HEARTBEATS
    book_channels: Mapping[str, str] = {"level2": "level2"}
    credentials: CredentialsKind | None = CDP_KEY
    connections_per_second: int | None = CONNECTIONS_PER_SECOND
    messages_per_second: int | None = MESSAGES_PER_SECOND
    connection_limits = ConnectionLimits(products={"level2": MAX_LEVEL2_PRODUCTS}, exclusive=ONE_CONNECTION)
    limits: tuple[str, ...] = (
        f"{MAX_LEVEL2_PRODUCTS} products of level2 on a connection; more are spread over several",
        f"subscribe within {SUBSCRIBE_WITHIN:g} seconds",
    )

    settings: Sequence[Setting] = describe_settings(Settings)
    describe = staticmethod(describe)
    last_tells: Collection[str] = (HEARTBEATS,)
    own_time = staticmethod(own_time)
    channel_name = staticmethod(channel_name)

    def describe_all(self, payloads: Sequence[bytes]) -> Sequence[FrameInfo]:
        is_own = self.describe is describe  # not that of a class that inherits this one
        return describe_all(payloads) if is_own else super().describe_all(payloads)

    def __init__(self, name: str, url: str, *, user_only: bool = False) -> None:
        self.name = name
        self.url = url
        self.summary = f"Coinbase Advanced Trade, {'the account alone' if user_only else 'the market and the account'}"
        self.needs_credentials = user_only
        self.client_id = b'""' if user_only else b""
        self.is_sparse = False
        self.failover = "coinbase-advanced" if user_only else None
        self.product_channel: str | None = None if user_only else STATUS
        market = () if user_only else MARKET_CHANNELS
        channels = (*market, HEARTBEATS_CHANNEL, *PRIVATE_CHANNELS)
        self.channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}
        self.default_channels: tuple[str, ...] = (USER,) if user_only else ("level2",)
        self.default_products: tuple[str, ...] = () if user_only else ("BTC-USD",)

    @property
    def rest(self) -> RestHalf:
        """The REST half; see `rest_half_of`."""
        from .rest import AdvancedRest

        return AdvancedRest()

    def product_name(self, channel: str, product: str) -> str:  # noqa: ARG002
        """Return a product as the venue spells it, in capitals; see `Feed`."""
        return upper_case_product(product)

    def listed_products(self, payload: bytes) -> ProductList | None:
        """Return the products of a snapshot of `status`; see `Feed`."""
        from .product_list import listed_products

        return listed_products(payload)

    def books(self, subscriptions: Sequence[Subscription]) -> list[BookSubscription]:
        """Return the books of `level2`; that of a -USDC product may come under its -USD name; see `FeedDefaults`."""
        return [
            BookSubscription(book.subscription, book.channel, (product, product.removesuffix("C")))
            if (product := book.products[0]).endswith("-USDC")
            else book
            for book in super().books(subscriptions)
        ]

    def given_up_for(self, new: Sequence[Subscription], present: Sequence[Subscription]) -> list[Subscription]:
        """Return `user` if its products change: "unsubscribe, close, reopen" (document of the channel); see `Feed`."""
        is_user = any(one.channel == USER for one in new)
        return [one for one in present if one.channel == USER] if is_user else []

    def sequence_rule(self, *, from_start: bool) -> SequenceRule:
        """Return the rule of one sequence per connection, over all channels; see `Feed`."""
        return ConnectionSequence(0 if from_start else None)

    def with_channels(self, names: Collection[str]) -> CoinbaseAdvanced:
        """Return the endpoint with channels that it lacks; see `Feed`."""
        return cast(CoinbaseAdvanced, super().with_channels(names))

    def server(self, catalogue: Catalogue, settings: Mapping[str, str], auth: Auth) -> FeedServer:
        """Return the server half for a new connection; see `VenueFeed`."""
        from ..server_half.rate_limits import limit_rates
        from .answers import error
        from .batches.ticker_batch import TickerBatchServer

        chosen = read_settings(Settings, settings, self.name, *COMMON_SETTINGS)
        made = {"client_id": self.client_id, "is_sparse": self.is_sparse}
        server = TickerBatchServer(self.channels, catalogue, chosen, auth, **made)
        front: FeedServer = server
        if chosen.silent_channel_closes:
            from .limits.silence import ClosingSilentChannels

            front = ClosingSilentChannels(server, chosen.silent_channel_closes, chosen.silent_channel_code)
        return limit_rates(front, chosen, error, server.is_unauthenticated)

    def as_recorded(self, sample: Sample) -> CoinbaseAdvanced:
        """Return an endpoint with all channels requested, whose made frames have the recorded `client_id`."""
        other = self.with_channels(sample.requested.keys() - KNOWN)
        client_id = client_id_of(sample.payloads)
        other.client_id = self.client_id if client_id is None else client_id
        other.is_sparse = sample.is_sparse
        return other

    def state(self, wanted: Collection[Key] | None) -> FeedState | None:
        """Return an empty state; see `VenueFeed`."""
        from .state import MarketState

        if wanted is None:
            return MarketState()
        kept = [key for key in wanted if key[0] in KNOWN]
        return MarketState(kept) if kept else None

    @property
    def time_fields(self) -> TimeFields:
        """Where frames have times; see `time_fields_of`."""
        return TIME_FIELDS

    def id_keys(self) -> IdKeys:
        """Return where ids are, in an ack too, which lists users under their channel; see `Feed`."""
        return ID_KEYS

    def trimming(self, levels: int) -> FrameChange:
        """Return what cuts the frames of `level2`; see `Feed`."""
        from .trimming import TrimmedFrames

        return TrimmedFrames(levels)

    def track_rule(self, channels: Collection[str]) -> TrackRule:  # noqa: ARG002
        """Return what two connections have in common; see `Feed`."""
        from .tracks import AdvancedTracks

        return AdvancedTracks()

    def market_reader(self) -> MarketReader:
        """Return what reads its frames; see `market_reader_of`."""
        from .market.reader import AdvancedMarketReader

        return AdvancedMarketReader()

    def client(self, subscriptions: Sequence[Subscription], credentials: Credentials | None = None) -> FeedClient:
        """Return the client half for a new connection, with a key that signs if there is one; see `Feed`."""
        from .client import CoinbaseAdvancedClient

        return CoinbaseAdvancedClient(subscriptions, self.check_credentials(credentials, CdpKey))


ID_KEYS = IdKeys(
    {
        "order_id": "order",
        "client_order_id": "order",
        "originating_order_id": "order",
        "attached_order_id": "order",
        "trade_id": "trade",
        "user_id": "user",
        "user": "user",
        "futures_balance_summary": "user",
        "account_id": "account",
        "account_ids": "account",
        "portfolio_uuid": "account",
        "portfolio_id": "account",
        "retail_portfolio_id": "account",
    }
)
"""Documents of the channels; an ack lists the user under `user` (captures of 2024-10-04 and 2026-09-30)."""


TIME_FIELDS = TimeFields(
    texts=("timestamp", "event_time", "time", "current_time", "creation_time", "start_time", "end_time"),
    starts={"start": NANOSECONDS},
    interval=300 * NANOSECONDS,
)
"""
Documents of the channels, captures of 2026-08-09 and 2026-09-30: the sending of a frame; the events of a book, trades;
the time in a heartbeat; candles, of five minutes; orders, whose `end_time` is of the year 1 if there is none. When a
contract expires is a fact about it, and stays.
"""


FEED = CoinbaseAdvanced("coinbase-advanced", "wss://advanced-trade-ws.coinbase.com")
USER_FEED = CoinbaseAdvanced("coinbase-advanced-user", "wss://advanced-trade-ws-user.coinbase.com", user_only=True)

FEEDS = {feed.name: feed for feed in (FEED, USER_FEED)}
"""The endpoints by name."""
