"""What a client can subscribe, and what there is of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

__all__ = ["Catalogue", "Key"]

Key = tuple[str, str]
"""A channel and a product of it; the product is empty where the channel has none."""

Catalogue = Mapping[str, Collection[str]]
"""What the recordings hold: products by channel."""
