"""Notices of lost frames and of subscriptions that are not accepted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...spelling import few_of
from ..base import Notice, Subscription
from ..sequence import Discontinuity, Gap
from .subscriptions import named

__all__ = [
    "did_you_mean_instead",
    "discontinuity_notice",
    "gap_notice",
    "missing_notice",
    "nothing_accepted_notice",
    "unacknowledged_notice",
]


def discontinuity_notice(found: Discontinuity, channel: str = "", product: str = "") -> Notice:
    """Report a gap or a reset; channel and product are named where the venue numbers them separately."""
    if isinstance(found, Gap):
        return gap_notice(found, channel, product)
    where = f" of {channel} {product}" if channel else ""
    text = (
        f"reset: the venue began its count{where} anew, which may have lost frames "
        f"(expected {found.expected}, received {found.received})"
    )
    details: dict[str, Any] = {"expected": found.expected, "received": found.received}
    return Notice(text, "warning", "reset", details | _counted_by(channel, product))


def gap_notice(gap: Gap, channel: str = "", product: str = "") -> Notice:
    """Report a gap; see `discontinuity_notice`."""
    where = f" of {channel} {product}" if channel else ""
    text = (
        f"gap: {gap.missing} frame{'' if gap.missing == 1 else 's'}{where} lost by the venue or the network "
        f"(expected {gap.expected}, received {gap.received})"
    )
    details: dict[str, Any] = {"expected": gap.expected, "received": gap.received, "missing": gap.missing}
    return Notice(text, "warning", "gap", details | _counted_by(channel, product))


def missing_notice(
    missing: Sequence[Subscription], meant: Mapping[str, str] | None = None, others: Sequence[str] = ()
) -> Notice:
    """
    Report subscriptions, or products of them, that an ack lacks.

    Args:
        missing: What it lacks.
        meant: Products that were probably meant instead, by those of `missing`.
        others: What it has that nobody asked for, which may be the same by another name.

    """
    asked = {product for one in missing for product in one.products}
    question = did_you_mean_instead(meant or {}, asked) or "no such product?"
    instead = f" It lists {few_of(others)}, which was not asked for." if others else ""
    text = f"the venue did not accept {named(missing)}: {question}{instead}"
    return Notice(text, "warning", "missing", subscription_details(missing))


def did_you_mean_instead(meant: Mapping[str, str], asked: Collection[str] = ()) -> str:
    """
    Ask whether other products were meant, by those that were asked for; nothing if there are none.

    Args:
        meant: The others, by what was asked for.
        asked: What the question is about; if that is more than one, it says which of them.

    """
    if not meant:
        return ""
    if len(meant) == 1 and len(asked) <= 1:
        return f"did you mean {next(iter(meant.values()))}?"
    return f"did you mean {few_of([f'{right} for {wrong}' for wrong, right in meant.items()])}?"


def unacknowledged_notice(what: str, seconds: float, missing: Sequence[Subscription] = ()) -> Notice:
    """Report acks that have not come in time."""
    text = f"the venue did not acknowledge {what} within {seconds:.0f} seconds"
    return Notice(text, "warning", "missing", subscription_details(missing) if missing else {})


def nothing_accepted_notice(check: str = "channels and products", why: str = "") -> Notice:
    """Report that there is nothing to record; `why` is what the venue said, or what else may help."""
    text = f"the venue accepted nothing of what was asked for; {why or f'check {check}'}"
    return Notice(text, "fatal", is_about_all=True)


def subscription_details(subscriptions: Sequence[Subscription]) -> dict[str, Any]:
    """Return the details of an event about subscriptions."""
    return {"subscriptions": [subscription.as_dict() for subscription in subscriptions]}


def _counted_by(channel: str, product: str) -> dict[str, Any]:
    return {"channel": channel, "product": product} if channel else {}
