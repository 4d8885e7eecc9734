"""What was asked for and not accepted, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..formats.line.subscribed import SubscribedFacts

__all__ = ["missing_lines", "name_subscription"]

_MOST_NAMES = 8


def missing_lines(facts: SubscribedFacts) -> list[str]:
    """Return a line for each channel of which something is missing, or was; nothing if all is well."""
    lines = [f"{name_subscription(one)}{_share(one, facts)}" for one in facts.missing]
    return lines + [f"{name_subscription(one)} (accepted later)" for one in facts.was_missing]


def name_subscription(subscription: dict[str, Any]) -> str:
    """Return a subscription, as it stands in a recording, in few words."""
    products, params = subscription.get("products", []), subscription.get("params", {})
    written = "&".join(f"{name}={_value(value)}" for name, value in params.items())
    channel = f"{subscription['channel']}?{written}" if written else subscription["channel"]
    return f"{channel} {_few(products)}" if products else channel


def _share(missing: dict[str, Any], facts: SubscribedFacts) -> str:
    """Say how many of the products of the channel were accepted, if it was asked for several."""
    asked = _products(facts.asked, missing)
    return f" ({_products(facts.accepted or [], missing)} of {asked} accepted)" if asked > 1 else ""


def _products(subscriptions: list[dict[str, Any]], like: dict[str, Any]) -> int:
    """Count the products of the same channel with the same parameters."""
    same = (
        one for one in subscriptions if (one["channel"], one.get("params")) == (like["channel"], like.get("params"))
    )
    return sum(len(one.get("products", [])) for one in same)


def _value(value: Any) -> str:
    return _few(value, ",", 3) if isinstance(value, list) else str(value)


def _few(values: list[Any], separator: str = ", ", most: int = _MOST_NAMES) -> str:
    more = len(values) - most
    return separator.join(map(str, values[:most])) + (f" and {more} more" if more > 0 else "")
