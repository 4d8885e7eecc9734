"""Adding to what is subscribed, and taking from it."""

from __future__ import annotations

from collections.abc import Sequence

from ..base import Subscription

__all__ = ["add_subscriptions", "named", "remove_subscriptions"]

Change = tuple[list[Subscription], list[Subscription]]
"""What is subscribed afterwards, and what changes for that."""


def add_subscriptions(present: Sequence[Subscription], more: Sequence[Subscription]) -> Change:
    """
    Add to what is subscribed.

    Args:
        present: What is subscribed.
        more: What is wanted as well; what is there already is left out.

    Returns:
        All of it, and what is new: for a channel that is there already, the further products.

    """
    together, new = list(present), []
    for one in more:
        places = (at for at, known in enumerate(together) if (known.channel, known.params) == (one.channel, one.params))
        at = next(places, None)
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
        gone: What is no longer wanted; without products the channel as a whole, without parameters any of them.
            What was subscribed for all products is not ended by naming some.

    Returns:
        What is left, without channels of which no product is, and what was subscribed and is no longer.

    """
    left, dropped = list(present), []
    for one in gone:
        before, left = left, []
        for known in before:
            if known.channel != one.channel or one.params not in ({}, known.params):
                left.append(known)
                continue
            lost = tuple(product for product in known.products if product in one.products)
            kept = tuple(product for product in known.products if product not in one.products)
            if not one.products or (lost and not kept):
                dropped.append(known)
            elif not lost:
                left.append(known)
            else:
                left.append(Subscription(known.channel, kept, known.params))
                dropped.append(Subscription(known.channel, lost, known.params))
    return left, dropped


def named(subscriptions: Sequence[Subscription]) -> str:
    """Return subscriptions for people, with their products; "nothing" if there are none."""
    return ", ".join(" ".join((one.channel, *one.products)) for one in subscriptions) or "nothing"
