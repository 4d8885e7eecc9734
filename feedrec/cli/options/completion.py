"""What the shell offers while an option is typed."""

from __future__ import annotations

import click

__all__ = ["complete_channel", "complete_endpoint"]


def complete_endpoint(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the endpoints that begin with what was typed, for the shell."""
    from ...feeds import endpoint_names

    return [name for name in endpoint_names() if name.startswith(incomplete)]


def complete_channel(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the channels of the endpoint that begin with what was typed, for the shell."""
    from ...feeds import feed_of

    feed = feed_of(ctx.params.get("endpoint") or "coinbase-advanced")
    return [] if feed is None else [name for name in feed.channels if name.startswith(incomplete)]
