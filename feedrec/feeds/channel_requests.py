"""From what a person asks for to what is subscribed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

from ..errors import UsageError
from ..spelling import did_you_mean
from .base import Channel, Feed, Subscription

__all__ = [
    "ChannelRequest",
    "Wanted",
    "missing_credentials",
    "misspelled",
    "read_channel",
    "resolve_channels",
    "subscribe_to",
    "unknown_channels",
]


class ChannelRequest(NamedTuple):
    """A channel that a person asks for, with products of its own, or with parameters as text."""

    channel: str
    products: tuple[str, ...] = ()
    query: str = ""


Wanted = str | ChannelRequest | tuple[str, str | Sequence[str]] | Subscription
"""
A channel that a program asks for: as on the command line, `ticker:BTC-USD,ETH-USD`, or a pair with its products, of
which a text is one: `("ticker", "BTC-USD")`.
"""


def read_channel(text: str) -> ChannelRequest:
    """
    Read a channel as a person writes it: `NAME`, `NAME:A,B` with products, `NAME?x=1&y=2` with parameters.

    A product may have a `?`, as a pattern; parameters have a `=`.

    Raises:
        UsageError: If it names no channel.

    """
    name, _, query = text.partition("?")
    channel, colon, products = name.partition(":")
    if colon and query and "=" not in query:  # a pattern of products, such as ticker:BT?-USD
        products, query = text.partition(":")[2], ""
    if not channel:
        raise UsageError(f"{text!r} names no channel")
    return ChannelRequest(channel, tuple(filter(None, map(str.strip, products.split(",")))), query)


def resolve_channels(
    feed: Feed, channels: Wanted | Sequence[Wanted], products: str | Sequence[str] = (), *, use_defaults: bool = True
) -> list[Subscription]:
    """
    Turn what a program asks for into subscriptions.

    Args:
        feed: The endpoint.
        channels: One or several. Two texts alone are two channels if the endpoint has both, else a channel and its
            product.
        products: Products for channels that name none; a text is one product.
        use_defaults: Whether channels that then have none get the feed's, and must have the parameters that the feed
            requires; otherwise they mean all of the channel.

    Raises:
        UsageError: If the feed has no such channel, or the venue does not allow all of it.

    """
    products = (products,) if isinstance(products, str) else tuple(products)
    requests: list[ChannelRequest] = []
    made: list[Subscription] = []
    for one in _listed_in(feed, channels):
        if isinstance(one, Subscription) and (one.params or not use_defaults):
            made.append(one)
        else:
            requests.append(_as_request(one))
    for channel, own_products in (*((one.channel, one.products) for one in made), *(one[:2] for one in requests)):
        _check_products(feed, _find_channel(feed, channel), own_products)
    if use_defaults:
        asked_for = subscribe_to(feed, requests, products, heartbeats=False) if requests else []
        return [*asked_for, *made]
    for requested, own_products, query in requests:
        name = feed.channel_name(requested)
        params = feed.parse_params(name, query) if query else {}
        chosen = tuple(own_products or products) if feed.channels[name].takes_products else ()
        made.append(Subscription(name, chosen, params))
    return made


def _listed_in(feed: Feed, channels: Wanted | Sequence[Wanted]) -> Sequence[Wanted]:
    """Return what was asked for one by one; see `resolve_channels`."""
    is_one = isinstance(channels, str | ChannelRequest | Subscription) or not isinstance(channels, Iterable)
    if is_one or _is_pair(feed, channels):
        return [cast("Wanted", channels)]
    return cast("Sequence[Wanted]", channels)


def _is_pair(feed: Feed, channels: object) -> bool:
    """Whether two things alone are a channel and its products: `("ticker", "level2")` are two channels."""
    if not (isinstance(channels, tuple) and len(channels) == 2 and isinstance(channels[0], str)):
        return False
    second = channels[1]
    if isinstance(second, str):
        return feed.channel_name(second.partition("?")[0].partition(":")[0]) not in feed.channels
    return isinstance(second, list | tuple) and not isinstance(second, ChannelRequest)


def _as_request(wanted: Wanted) -> ChannelRequest:
    if isinstance(wanted, str):
        return read_channel(wanted)
    if isinstance(wanted, Subscription):
        return ChannelRequest(wanted.channel, wanted.products)
    match wanted:
        case (str() as channel, str() | list() | tuple() as products, *query):
            request = ChannelRequest(channel, (products,) if isinstance(products, str) else tuple(products), *query[:1])
            if len(query) <= 1 and all(isinstance(text, str) for text in (*request.products, *query)):
                return request
    raise UsageError(f"a channel is asked for as 'ticker:BTC-USD' or ('ticker', ['BTC-USD']), not {wanted!r}")


def unknown_channels(feed: Feed, requests: Sequence[ChannelRequest | tuple[str, Sequence[str]]]) -> list[str]:
    """Return the channels among those asked for that the catalogue lacks."""
    names = dict.fromkeys(feed.channel_name(name) for name, *_ in requests)
    return [name for name in names if name not in feed.channels]


def subscribe_to(
    feed: Feed,
    requests: Sequence[ChannelRequest | tuple[str, Sequence[str]]],
    products: Sequence[str],
    *,
    heartbeats: bool = True,
) -> list[Subscription]:
    """
    Turn what a person asked for into subscriptions.

    Args:
        feed: The endpoint to subscribe at.
        requests: Channels, each with products of its own or with parameters; the others get `products`.
        products: Products for all other channels; empty means the feed's default, or all where the channel allows
            that.
        heartbeats: Whether to add the channel that keeps the connection alive.

    Raises:
        UsageError: If the feed has no such channel, or the venue does not allow all of it.

    """
    names = list(dict.fromkeys(name for name, *_ in requests))
    if products and names and not any(_find_channel(feed, name).takes_products for name in names):
        verb = "takes" if len(names) == 1 else "take"
        raise UsageError(f"{_listed(names)} of {feed.name} {verb} no products: leave out {', '.join(products)}")
    wanted: dict[str, tuple[str, ...]] = {}
    with_params: list[Subscription] = []
    for requested, own_products, *query in requests or [(name, ()) for name in feed.default_channels]:
        name = feed.channel_name(requested)
        channel = _find_channel(feed, name)
        _check_products(feed, channel, own_products)
        params = feed.parse_params(name, query[0] if query else "")
        if params:
            with_params.append(Subscription(name, params=params))
            continue
        default = () if channel.products_optional else feed.default_products
        chosen = tuple(own_products or products or default) if channel.takes_products else ()
        wanted[name] = tuple(dict.fromkeys((*wanted.get(name, ()), *chosen)))
    subscriptions = [*(Subscription(name, chosen) for name, chosen in wanted.items()), *with_params]
    beat = feed.heartbeat_channel
    if heartbeats and beat is not None and beat not in wanted and feed.has_heartbeats(subscriptions):
        subscriptions.insert(len(wanted), Subscription(beat))
    feed.spread(subscriptions)
    return subscriptions


def missing_credentials(feed: Feed, subscriptions: Sequence[Subscription]) -> str | None:
    """
    Say what to do to subscribe without having given credentials; None if nothing needs them.

    The one line names the channels, the environment variables and what a key file is.
    """
    kind = feed.credentials
    channels = [one.channel for one in subscriptions if feed.channels[one.channel].needs_credentials]
    if kind is None or not (channels or feed.needs_credentials):
        return None
    verb = "needs" if len(channels) == 1 else "need"
    what = f"{feed.name} needs" if feed.needs_credentials else f"{_listed(channels)} of {feed.name} {verb}"
    return f"{what} credentials, {kind.summary}: set {_listed(kind.variables)}, or give a key file, {kind.file}"


def misspelled(feed: Feed, subscriptions: Sequence[Subscription]) -> dict[str, str]:
    """Return the products whose form shows that the venue has no such, with what must be meant by them."""
    names = {(one.channel, product) for one in subscriptions for product in one.products}
    meant = {product: feed.product_name(channel, product) for channel, product in sorted(names)}
    return {product: name for product, name in meant.items() if name != product}


def _find_channel(feed: Feed, name: str) -> Channel:
    channel = feed.channels.get(feed.channel_name(name))
    if channel is None:
        names = ", ".join(feed.channels)
        raise UsageError(f"{feed.name} has no channel {name!r}{did_you_mean(name, feed.channels)} (it has {names})")
    return channel


def _check_products(feed: Feed, channel: Channel, products: Sequence[str]) -> None:
    if products and not channel.takes_products:
        raise UsageError(f"{channel.name} of {feed.name} takes no products: leave out {', '.join(products)}")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
