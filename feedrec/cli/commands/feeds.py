"""`feedrec feeds`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ...errors import UsageError
from .. import output
from ..options import as_json, complete_endpoint, logging_options
from ..terminal import echo, echo_json, width_of

if TYPE_CHECKING:
    from ...feeds import Channel, Feed
    from ...feeds.venue import Setting

__all__ = ["feed_facts", "feeds"]

_WIDTH = 80

log = logging.getLogger("feedrec")


@click.command()
@click.argument("name", metavar="[ENDPOINT]", required=False, shell_complete=complete_endpoint)
@as_json
@logging_options
def feeds(name: str | None, as_json: bool) -> None:
    """
    List the endpoints that can be recorded, or show all that is known about one.

    \b
      feedrec feeds
      feedrec feeds coinbase-exchange
      feedrec feeds --json | jq '.endpoints[].channels[].name'

    Other packages can add endpoints: see docs/feeds.md.
    """
    from ...feeds import endpoint_names, find_feed

    if name is not None:
        feed = find_feed(name)
        echo_json(feed_facts(feed)) if as_json else echo(*_details(feed))
        return
    found = []
    for one in endpoint_names():
        try:
            found.append(find_feed(one))
        except UsageError as error:  # from another package; the rest still works
            log.warning("%s", error)
    if as_json:
        echo_json({"endpoints": [feed_facts(feed) for feed in found]})
    else:
        echo(*_table(found), "", "feedrec feeds ENDPOINT shows its channels, address, limits and credentials")


def feed_facts(feed: Feed) -> dict[str, Any]:
    """Return everything the catalogue knows about an endpoint, as `--json` prints it."""
    kind = feed.credentials
    credentials: dict[str, Any] = {"need": _need(feed)}
    if kind is not None:
        credentials |= {"summary": kind.summary, "variables": list(kind.variables), "file": kind.file}
    return {
        "endpoint": feed.name,
        "summary": feed.summary,
        "url": feed.url,
        "rest_hosts": _rest_hosts(feed),
        "credentials": credentials,
        "failover": feed.failover,
        "heartbeat_channel": feed.heartbeat_channel,
        "default_channels": list(feed.default_channels),
        "default_products": list(feed.default_products),
        "connections_per_second": feed.connections_per_second,
        "messages_per_second": feed.messages_per_second,
        "limits": list(feed.limits),
        "replay": _replay_mode(feed),
        "settings": [msgspec.structs.asdict(setting) for setting in _settings(feed)],
        "channels": [_channel_facts(channel) for channel in feed.channels.values()],
    }


def _channel_facts(channel: Channel) -> dict[str, Any]:
    facts = msgspec.structs.asdict(channel)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}


def _table(found: Iterable[Feed]) -> list[str]:
    rows = [("endpoint", "credentials", "description")]
    rows += [(feed.name, _need(feed), feed.summary) for feed in found]
    return output.columns(rows, wrap=_width())


def _details(feed: Feed) -> list[str]:
    kind = feed.credentials
    facts = [("address", feed.url or "set with --url")]
    facts += [("" if place else "REST", host) for place, host in enumerate(_rest_hosts(feed))]
    facts += [("credentials", _need(feed))]
    if kind is not None:
        facts += [("", kind.summary), ("environment", ", ".join(kind.variables)), ("--key-file", kind.file)]
    limits = [*_rates(feed), *feed.limits] or ["none known"]
    facts += [("" if place else "limits", limit) for place, limit in enumerate(limits)]
    facts += [
        ("heartbeats", f"{feed.heartbeat_channel}, added automatically" if feed.heartbeat_channel else "none"),
        ("failover", feed.failover or "none"),
        ("replay", "answers like the venue" if _replay_mode(feed) == "venue" else "sends every frame unchanged"),
    ]
    asked = [*(f"-c {one}" for one in feed.default_channels), *(f"-p {one}" for one in feed.default_products)]
    examples = [f"-c '{one.name}?{one.example}'" for one in feed.channels.values() if one.example]
    facts += [("default", " ".join(asked))] if asked else []
    facts += [("example", examples[0])] if examples else []
    lines = [f"{feed.name}: {feed.summary}", *output.columns([("", *fact) for fact in facts], wrap=_width())]
    if feed.channels:
        rows = [("channel", "credentials", "description")]
        rows += [(one.name, _need_of(one, feed), f"{one.summary}; {_takes(one)}") for one in feed.channels.values()]
        lines += ["", *output.columns(rows, wrap=_width())]
    if settings := _settings(feed):
        facts = [("setting", "of a replay, by `--set NAME=VALUE` (its default)")]
        facts += [(one.name, f"{one.meaning} ({one.default or 'none'})") for one in settings]
        lines += ["", *output.columns(facts, wrap=_width())]
    return lines


def _rest_hosts(feed: Feed) -> list[str]:
    """Return the hosts whose requests a replay answers, too."""
    from ...feeds.rest import rest_half_of

    half = rest_half_of(feed)
    return [] if half is None else list(half.hosts)


def _settings(feed: Feed) -> list[Setting]:
    """Return what can be set of a replay: the venue's own settings, and those of every venue."""
    from ...feeds.server_half import describe_settings
    from ...feeds.server_half.closing import ClosingSettings

    if _replay_mode(feed) != "venue":
        return []
    return [*getattr(feed, "settings", ()), *describe_settings(ClosingSettings)]


def _width() -> int:
    """Return the columns of a table: those of a terminal that is narrower than usual, or the usual ones."""
    return min(_WIDTH, width_of(sys.stdout)) if sys.stdout.isatty() else _WIDTH


def _rates(feed: Feed) -> list[str]:
    """Return the known rate limits of the venue, in words."""
    rates = []
    if feed.connections_per_second is not None:
        rates.append(f"{output.count(feed.connections_per_second, 'new connection')} per second")
    if feed.messages_per_second is not None:
        rates.append(f"{output.count(feed.messages_per_second, 'message')} per second without credentials")
    return rates


def _need(feed: Feed) -> str:
    """Return whether an endpoint needs credentials, in a word."""
    if feed.credentials is None:
        return "none"
    return "needed" if feed.needs_credentials else "optional"


def _need_of(channel: Channel, feed: Feed) -> str:
    return "needed" if channel.needs_credentials or feed.needs_credentials else "-"


def _takes(channel: Channel) -> str:
    """Return what a subscription to a channel takes; optional arguments are in brackets."""
    taken = ["[products]" if channel.products_optional else "products"] if channel.takes_products else []
    takes = ", ".join([*taken, *channel.params, *(f"[{name}]" for name in channel.optional_params)])
    return f"takes {takes}" if takes else "no products"


def _replay_mode(feed: Feed) -> str:
    return "venue" if hasattr(feed, "server") else "verbatim"
