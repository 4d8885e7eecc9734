"""Options that select records by channel and product."""

from __future__ import annotations

import click

from .options import PRODUCTS, all_options

__all__ = ["filter_options"]

filter_options = all_options(
    click.option(
        "-c", "--channel", "channels", metavar="NAME", multiple=True, help="Only frames of this channel. Repeatable."
    ),
    click.option(
        "-p", "--product", "products", type=PRODUCTS, multiple=True, help="Only frames of this product. Repeatable."
    ),
)
"""Adds `--channel` and `--product`, as the parameters `channels` and `products`."""
