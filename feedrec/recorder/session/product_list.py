"""The products of a venue, asked for on a connection of its own before a run."""

from __future__ import annotations

import asyncio
import logging
import time

from ...errors import ConnectError, VenueError
from ...feeds import ProductList, Subscription
from ...model import Frame, FrameInfo
from ..rate_limit import SharedRates
from .callbacks import Callbacks
from .run_options import Limits, RunOptions
from .session import RecordingSession
from .source import Source

__all__ = ["PATIENCE", "list_products"]

PATIENCE = 30.0
"""Seconds within which the list must be there; it has some 740 kB (Coinbase Exchange, 2026)."""

log = logging.getLogger("feedrec")


async def list_products(source: Source, patience: float = PATIENCE, rates: SharedRates | None = None) -> ProductList:
    """
    Ask a venue for its products: the same endpoint, address, credentials and settings as for the run.

    A server that wants to be left alone for a while is asked again after that, within the time there is.

    Args:
        source: What is to be recorded; its feed has a `product_channel`.
        patience: Seconds to wait for the list.
        rates: How fast venues may be spoken to; see `RecordingSession`.

    Raises:
        ConnectError: If the venue cannot be reached, or does not send its list in time.
        VenueError: If it refuses.

    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return await _list_products(source, deadline - time.monotonic(), rates)
        except ConnectError as error:
            if not 0 < error.retry_after < deadline - time.monotonic():
                raise
            log.info("%s; asking for the products again in %.0f s", error, error.retry_after)
            await asyncio.sleep(error.retry_after)


async def _list_products(source: Source, patience: float, rates: SharedRates | None) -> ProductList:
    """Record nothing until the list comes."""
    feed, failover = source.feed, source.failover
    channel = feed.product_channel or ""
    found: list[ProductList] = []

    def on_frame(frame: Frame, info: FrameInfo) -> None:
        products = feed.listed_products(frame.payload) if info.channel == channel and not found else None
        if products is not None:
            found.append(products)
            session.stop()

    if failover is not None and channel not in failover.feed.channels:
        failover = None
    asking = source._replace(subscriptions=[Subscription(channel)], failover=failover, patterns=(), rest=None)
    limits, callbacks = Limits(patience), Callbacks(on_frame=on_frame)
    session: RecordingSession = asking.session(
        None, limits=limits, callbacks=callbacks, rates=rates, options=RunOptions(name="products")
    )
    try:
        await session.run()
    except VenueError:
        if not found:
            raise
    if not found:
        raise ConnectError(f"{feed.name} did not list its products within {patience:.0f} seconds: name them one by one")
    return found[0]
