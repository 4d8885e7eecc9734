"""What `feedrec record` records: endpoint, address, channels, credentials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import click
import msgspec

from ..errors import UsageError
from ..model import Header
from .credential_options import credentials_for
from .options import CHANNEL, PRODUCTS, ChannelRequest
from .raw_options import RAW, RAW_OPTIONS, RawOptions

if TYPE_CHECKING:
    from ..feeds import Feed, Subscription
    from ..feeds.credentials import Credentials
    from ..recorder import Failover

__all__ = ["Source", "SourceOptions", "source_options"]

_CHANNEL_HELP = (
    "A channel, perhaps with products or parameters of its own: ticker:ETH-BTC,ETH-USD. Repeatable.  "
    "[default: the endpoint's own]"
)
_PRODUCT_HELP = (
    "A product, or several as A,B, for the other channels. Repeatable.  [default: the endpoint's own, mostly BTC-USD]"
)

_OPTIONS = (
    click.option(
        "-e",
        "--endpoint",
        metavar="NAME",
        default="coinbase-advanced",
        show_default=True,
        help="What to record; `feedrec feeds` lists what there is.",
    ),
    click.option("--url", metavar="URL", help="Record from this address instead of the endpoint's own."),
    click.option("-c", "--channel", "channels", metavar="NAME[:A,B]", type=CHANNEL, multiple=True, help=_CHANNEL_HELP),
    click.option("-p", "--product", "products", type=PRODUCTS, multiple=True, help=_PRODUCT_HELP),
    click.option(
        "--key-file",
        metavar="FILE",
        type=click.Path(path_type=Path, readable=False),
        help="Credentials, as the venue gave them; without it they are looked for in the environment.",
    ),
    click.option("--no-heartbeats", is_flag=True, help="Do not subscribe by itself to what keeps the connection open."),
    click.option(
        "--failover", is_flag=True, help="Have the endpoint take over that the venue recommends when this is down."
    ),
    click.option("--failover-url", metavar="URL", help="Have this address take over, which speaks the same."),
    *RAW_OPTIONS,
)


class Source(NamedTuple):
    """
    What is recorded.

    Attributes:
        feed: What the endpoint speaks.
        url: Its address.
        subscriptions: What is asked for.
        credentials: What is signed with; None for none.
        failover: What takes over when the endpoint is down; None for nothing.

    """

    feed: Feed
    url: str
    subscriptions: Sequence[Subscription]
    credentials: Credentials | None
    failover: Failover | None = None

    def header(self) -> Header:
        """Make the first line of a recording that begins now."""
        from ..recorder import header_of

        return header_of(self.feed, self.url, self.subscriptions)


class SourceOptions(msgspec.Struct, frozen=True):
    """What a person asked for; the attributes are the options of these names."""

    endpoint: str
    url: str | None
    channels: tuple[ChannelRequest, ...]
    products: tuple[tuple[str, ...], ...]
    key_file: Path | None
    no_heartbeats: bool
    failover: bool = False
    failover_url: str | None = None
    messages: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    secret_keys: tuple[str, ...] = ()

    def find(self) -> Source:
        """
        Find all of it.

        Raises:
            UsageError: If there is no such thing, or something is missing.

        """
        from ..feeds import subscribe_to
        from ..recorder.redaction import Address
        from ..recorder.session.failover import EndpointAddress, Route

        feed = self._find_feed()
        wanted = [name for group in self.products for name in group]
        subscriptions = subscribe_to(feed, self.channels, wanted, heartbeats=not self.no_heartbeats)
        credentials = credentials_for(feed, subscriptions, self.key_file)
        url = _checked(Address(self.url or feed.url, self.secret_keys))
        failover = self._find_failover(feed)
        if failover is not None:
            Route(EndpointAddress(feed, url), failover).check(feed.spread(subscriptions))
        return Source(feed, url, subscriptions, credentials, failover)

    def _find_failover(self, feed: Feed) -> Failover | None:
        from ..recorder import failover_of
        from ..recorder.redaction import Address

        if self.failover_url is not None:
            return failover_of(feed, _checked(Address(self.failover_url, self.secret_keys)))
        return failover_of(feed, has_url=self.url is not None) if self.failover else None

    def _find_feed(self) -> Feed:
        from ..feeds import find_feed

        raw = RawOptions(self.messages, self.headers, self.secret_keys)
        if self.endpoint == RAW:
            return raw.make_feed(self.url, names_channels=bool(self.channels or self.products))
        feed = find_feed(self.endpoint)
        raw.refuse_for(self.endpoint)
        return feed


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of `SourceOptions`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("ws", "wss") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        from ..recorder.redaction import redact_url

        raise UsageError(
            f"{redact_url(url)!r} is no WebSocket address: it must look like wss://host or ws://127.0.0.1:9000"
        )
    return url
