"""Adding to what is subscribed, and taking from it."""

from __future__ import annotations

from collections.abc import Sequence

from ..base import Subscription

__all__ = ["add_subscriptions", "remove_subscriptions"]

Change = tuple[list[Subscription], list[Subscription]]
"""What is subscribed afterwards, and what that takes."""


def add_subscriptions(present: Sequence[Subscription], more: Sequence[Subscription]) -> Change:
    """
    Add to what is subscribed.

    Args:
        present: What is subscribed.
        more: What is wanted too; what is there already is left out.

    Returns:
        All of it, and what is new of it: of a channel that is there already, the further products.

    """
    together, new = list(present), []
    for one in more:
        at = _find(together, one)
        if at is None:
            together.append(one)
            new.append(one)
            continue
        known = together[at].products
        further = tuple(product for product in one.products if product not in known)
        if known and not one.products:  # all products, where some were asked for
            together[at] = one
            new.append(one)
        elif known and further:
            together[at] = Subscription(one.channel, (*known, *further), one.params)
            new.append(Subscription(one.channel, further, one.params))
    return together, new


def remove_subscriptions(present: Sequence[Subscription], gone: Sequence[Subscription]) -> Change:
    """
    Take from what is subscribed.

    Args:
        present: What is subscribed.
        gone: What is not wanted any more; without products the channel as a whole, without parameters any of them.
            What was subscribed for all products is not ended by naming some.

    Returns:
        What is left, a channel without any product left out, and what was subscribed and is no more.

    """
    left, dropped = list(present), []
    for one in gone:
        before, left = left, []
        for known in before:
            kept, lost = _split(known, one)
            left += kept
            dropped += lost
    return left, dropped


def _split(known: Subscription, gone: Subscription) -> Change:
    """Give what is left of one, and what is not."""
    if known.channel != gone.channel or gone.params not in ({}, known.params):
        return [known], []
    if not gone.products:
        return [], [known]
    kept = tuple(product for product in known.products if product not in gone.products)
    lost = tuple(product for product in known.products if product in gone.products)
    if not lost:
        return [known], []
    rest = [Subscription(known.channel, kept, known.params)] if kept else []
    return rest, [Subscription(known.channel, lost, known.params)]


def _find(subscriptions: Sequence[Subscription], wanted: Subscription) -> int | None:
    for at, one in enumerate(subscriptions):
        if one.channel == wanted.channel and one.params == wanted.params:
            return at
    return None
