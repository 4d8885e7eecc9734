"""What `feedrec record` records: endpoint, address, channels, credentials."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import click
import msgspec

from .. import __version__
from ..errors import UsageError
from ..model import Header
from .keys import credentials_for
from .options import CHANNEL, PRODUCTS, ChannelRequest

if TYPE_CHECKING:
    from ..feeds import Feed, Subscription
    from ..feeds.credentials import Credentials

__all__ = ["Source", "SourceOptions", "source_options"]

_CHANNEL_HELP = "A channel, perhaps with products of its own: ticker:ETH-BTC,ETH-USD. Repeatable.  [default: level2]"
_PRODUCT_HELP = "A product, or several as A,B, for the other channels. Repeatable.  [default: BTC-USD]"

_OPTIONS = (
    click.option(
        "-e", "--endpoint", metavar="NAME", default="coinbase-advanced", show_default=True, help="What to record."
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
)


class Source(NamedTuple):
    """
    What is recorded.

    Attributes:
        feed: What the endpoint speaks.
        url: Its address.
        subscriptions: What is asked for.
        credentials: What is signed with; None for none.

    """

    feed: Feed
    url: str
    subscriptions: Sequence[Subscription]
    credentials: Credentials | None

    def header(self) -> Header:
        """Make the first line of a recording that begins now."""
        from ..recorder.redaction import redact_url

        wanted = [subscription.as_dict() for subscription in self.subscriptions]
        return Header(self.feed.name, redact_url(self.url), time.time_ns(), f"feedrec {__version__}", wanted)


class SourceOptions(msgspec.Struct, frozen=True):
    """What a person asked for; the attributes are the options of these names."""

    endpoint: str
    url: str | None
    channels: tuple[ChannelRequest, ...]
    products: tuple[tuple[str, ...], ...]
    key_file: Path | None
    no_heartbeats: bool

    def find(self) -> Source:
        """
        Find all of it.

        Raises:
            UsageError: If there is no such thing, or something is missing.

        """
        from ..feeds import find_feed, subscribe_to

        feed = find_feed(self.endpoint)
        wanted = [name for group in self.products for name in group]
        subscriptions = subscribe_to(feed, self.channels, wanted, heartbeats=not self.no_heartbeats)
        credentials = credentials_for(feed, subscriptions, self.key_file)
        return Source(feed, _checked(self.url or feed.url), subscriptions, credentials)


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
