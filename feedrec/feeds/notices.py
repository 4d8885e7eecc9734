"""What client halves say of frames that are lost and of subscriptions that are not accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .base import Gap, Notice, Subscription

__all__ = ["gap_notice", "missing_notice"]


def gap_notice(gap: Gap, channel: str = "", product: str = "") -> Notice:
    """Tell of a gap; channel and product are named where the venue counts them apart."""
    where = f" of {channel} {product}" if channel else ""
    text = (
        f"gap: {gap.missing} frames{where} lost by the venue or the network "
        f"(expected {gap.expected}, received {gap.received})"
    )
    details: dict[str, Any] = {"expected": gap.expected, "received": gap.received, "missing": gap.missing}
    if channel:
        details |= {"channel": channel, "product": product}
    return Notice(text, "warning", "gap", details)


def missing_notice(missing: Sequence[Subscription]) -> Notice:
    """Tell of subscriptions, or products of them, that an ack lacks."""
    what = ", ".join(" ".join((subscription.channel, *subscription.products)) for subscription in missing)
    details = {"subscriptions": [subscription.as_dict() for subscription in missing]}
    return Notice(f"the venue did not accept {what}: no such product?", "warning", "missing", details)
