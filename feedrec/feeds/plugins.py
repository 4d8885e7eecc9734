"""
Endpoints from other packages: entry points of the group `feedrec.feeds`.

The name of an entry point is the name of the endpoint, its value is where the feed is, as `module:attribute`. Installed
packages are searched only for a name that is not built in, or to list all endpoints; a feed is imported only when it is
asked for. Nothing that such a package does can hide or break a built-in endpoint.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ..errors import UsageError
from .base import Channel, Feed
from .credentials import CredentialsKind
from .state.new_state import EARLIER_CONTRACT

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "load_plugin", "plugin_names"]

GROUP = "feedrec.feeds"
"""The group of entry points."""

_STEPS = "feedrec.feeds.steps"
"""What states of feedrec 0.1 imported."""

_DEMANDED = [name for name in vars(Feed) if not name.startswith("_")]
"""What a feed must have."""


def plugin_names() -> list[str]:
    """Return the names that installed packages offer, sorted."""
    return sorted(_offers())


def load_plugin(name: str) -> Feed | None:
    """
    Return the feed that an installed package offers under a name; None if none does.

    Raises:
        UsageError: If several packages do, or what is offered is not a feed. The text names package and endpoint.

    """
    offers = _offers().get(name, ())
    if not offers:
        return None
    if len(offers) > 1:
        packages = " and ".join(_package_of(offer) for offer in offers)
        raise UsageError(f"endpoint {name!r} is offered by {packages}: uninstall all but one")
    (offer,) = offers
    whose = f"endpoint {name!r} of the package {_package_of(offer)} ({offer.value})"
    try:
        feed = offer.load()
    except (Exception, SystemExit) as error:  # whatever a foreign module does when it is imported
        if isinstance(error, ModuleNotFoundError) and error.name == _STEPS:
            raise UsageError(f"{whose} cannot be loaded: its state {EARLIER_CONTRACT}") from error
        raise UsageError(f"{whose} cannot be loaded: {_in_one_line(error)}") from error
    problem = _problem_of(feed)
    if problem:
        raise UsageError(f"{whose} is not a feed: {problem}; build it on FeedDefaults")
    if feed.name != name:
        raise UsageError(f"{whose} is named {feed.name!r}: feed and entry point must have the same name")
    return cast(Feed, feed)


@functools.cache
def _offers() -> Mapping[str, tuple[EntryPoint, ...]]:
    """Search the installed packages, once; identical offers count as one."""
    from importlib.metadata import entry_points  # noqa: PLC0415  only when it is needed: it takes a while

    found: dict[str, dict[str, EntryPoint]] = {}
    for offer in entry_points(group=GROUP):
        found.setdefault(offer.name, {})[offer.value] = offer
    return {name: tuple(offers.values()) for name, offers in found.items()}


def _problem_of(feed: Any) -> str | None:
    """Return why something is not a feed that the catalogue can work with; None if it is."""
    lacking = [one for one in _DEMANDED if not hasattr(feed, one)]
    if getattr(type(feed), "client", None) is Feed.client:  # which a feed inherits, but which does nothing
        lacking.append("client")
    if lacking:
        return f"it lacks {', '.join(lacking)}"
    if not (isinstance(feed.summary, str) and isinstance(feed.url, str)):
        return "its summary and its url must be strings"
    if not (isinstance(feed.channels, Mapping) and all(isinstance(one, Channel) for one in feed.channels.values())):
        return "its channels must be a mapping of names to Channel"
    if not (feed.credentials is None or isinstance(feed.credentials, CredentialsKind)):
        return "its credentials must be a CredentialsKind, or None"
    texts = (*feed.default_channels, *feed.default_products, *feed.limits, feed.failover or "")
    return None if all(isinstance(text, str) for text in texts) else "its defaults, limits and failover must be strings"


def _package_of(offer: EntryPoint) -> str:
    return offer.dist.name if offer.dist is not None else "(unknown)"


def _in_one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
