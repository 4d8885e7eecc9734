"""Products on the command line: lists in files, and patterns."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ....errors import UsageError
from .credential_options import read_text

if TYPE_CHECKING:
    from ....feeds import Subscription
    from ....feeds.products import ProductChoice
    from ....recorder import Source
    from ....recorder.rate_limit import SharedRates

__all__ = ["read_products", "resolve_patterns", "with_products"]

_LARGEST_LIST = 4 << 20
"""Bytes; a venue has some thousands of products with a dozen characters each."""

_MOST_SHOWN = 10

log = logging.getLogger("feedrec")


def read_products(products: Iterable[str]) -> list[str]:
    """
    Return products, with those in a file in the place of `@FILE`; `@-` is stdin.

    Raises:
        UsageError: If a file cannot be read, or names none.

    """
    return [name for product in products for name in (_read(product[1:]) if product[0] == "@" else [product])]


def _read(name: str) -> list[str]:
    """Return the products in a file: one or several on a line, commas between them, `#` before a comment."""
    text, _ = read_text(Path("/dev/stdin" if name == "-" else name), "product list", _LARGEST_LIST)
    lines = (line.partition("#")[0] for line in text.removeprefix("\ufeff").splitlines())
    products = [product for line in lines for product in line.replace(",", " ").split()]
    wrong = next((product for product in products if not product.isprintable() or product[0] == "@"), None)
    if wrong is not None:
        raise UsageError(f"{wrong!r} in the product list {name} is no product: write one a line")
    if not products:
        raise UsageError(f"the product list {name} names no product: write one a line")
    return products


def resolve_patterns(source: Source, *, yes: bool) -> Source | None:
    """Put the products of the venue in the place of patterns; see `with_products`."""
    import asyncio

    from ....feeds.products import patterns_in

    return asyncio.run(with_products(source, yes=yes)) if patterns_in(source.subscriptions) else source.here()


async def with_products(source: Source, *, yes: bool, rates: SharedRates | None = None) -> Source | None:
    """
    Put the products of the venue in the place of patterns, after asking it for them; then keep what is of this machine.

    Args:
        source: What to record; without patterns, what is of this machine already.
        yes: Whether more than 100 products are meant.
        rates: How fast venues may be spoken to; see `RecordingSession`.

    Returns:
        What is to be recorded; None if nothing of it is on this machine.

    Raises:
        UsageError: If a pattern selects nothing, or they select more than 100 and `yes` was not given.
        FeedrecError: If the venue does not tell its products.

    """
    from ....feeds.products import MOST_UNASKED, choose_products, patterns_in
    from ....recorder import list_products

    asked = [one for one in source.subscriptions if patterns_in([one])]
    if not asked:
        return source
    choice = choose_products(source.feed, source.subscriptions, await list_products(source, rates=rates))
    _log_choice(choice, source)
    if choice.count > MOST_UNASKED and not yes:
        patterns = " and ".join(map(repr, choice.by_pattern))
        raise UsageError(f"{choice.count} products are many: narrow {patterns}, or add --yes")
    chosen = source._replace(subscriptions=choice.subscriptions, patterns=asked)
    here = chosen.here()
    if here is None:
        return None
    if source.shard is not None:
        log.info("shard %s: %d of %d products", source.shard, *map(_count, (here.subscriptions, chosen.subscriptions)))
    source.feed.spread(here.subscriptions)
    return here


def _log_choice(choice: ProductChoice, source: Source) -> None:
    for pattern, products in choice.by_pattern.items():
        offline = len(choice.offline.get(pattern, ()))
        more = f"; {offline} not online {'is' if offline == 1 else 'are'} left out" if offline else ""
        log.info("%s: %d product%s: %s%s", pattern, len(products), "s"[: len(products) != 1], _few(products), more)
    for product, like in choice.unlisted.items():
        hint = f"; did you mean {like}?" if like else ""
        log.warning("%s does not list %s%s", source.feed.name, product, hint)


def _count(subscriptions: Iterable[Subscription]) -> int:
    return len({product for one in subscriptions for product in one.products})


def _few(products: tuple[str, ...]) -> str:
    more = len(products) - _MOST_SHOWN
    return ", ".join(products[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
