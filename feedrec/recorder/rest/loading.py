"""Loads the HTTP client when there is something to ask, away from the event loop: it takes a tenth of a second."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from .client import RestClient

__all__ = ["open_client"]


async def open_client(most: int) -> RestClient:
    """Return a client; see `RestClient`."""
    return await asyncio.to_thread(_load, most)


def _load(most: int) -> RestClient:
    return cast("RestClient", import_module(".client", __package__).RestClient(most))
