"""What most venues have in common, for feeds to build on: so a new venue takes one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UsageError
from ..model import FrameInfo
from .base import Channel, Gap, SequenceRule, Subscription
from .credentials import Credentials, CredentialsKind

__all__ = ["FeedDefaults", "NoSequence"]


class NoSequence:
    """The rule for feeds that number nothing."""

    def observe(self, info: FrameInfo) -> Gap | None:  # noqa: ARG002
        """Find no gap; see `SequenceRule`."""
        return None


class FeedDefaults:
    """
    Everything that `Feed` demands but a name, an address and a client half; the protocol says what each is.

    What a venue does otherwise, its feed overrides.
    """

    name = ""
    channels: Mapping[str, Channel] = {}
    default_channels: tuple[str, ...] = ()
    default_products: tuple[str, ...] = ()
    heartbeat_channel: str | None = None
    credentials: CredentialsKind | None = None
    needs_credentials: bool = False
    connections_per_second: int | None = None
    messages_per_second: int | None = None
    failover: str | None = None

    def describe(self, payload: bytes) -> FrameInfo:  # noqa: ARG002
        """Tell nothing of a frame; see `Feed`."""
        return FrameInfo()

    def sequence_rule(self, *, from_start: bool) -> SequenceRule:  # noqa: ARG002
        """Find no gaps; see `Feed`."""
        return NoSequence()

    def channel_name(self, name: str) -> str:
        """Have one name for each channel; see `Feed`."""
        return name

    def parse_params(self, channel: str, query: str) -> dict[str, Any]:
        """Take no parameters; see `Feed`."""
        if query:
            raise UsageError(f"{channel} of {self.name} takes no parameters: leave out ?{query}")
        return {}

    def headers(self, credentials: Credentials | None) -> dict[str, str]:  # noqa: ARG002
        """Say nothing besides; see `Feed`."""
        return {}

    def plan_of(self, subscriptions: Sequence[Subscription]) -> str:  # noqa: ARG002
        """Count nothing; see `Feed`."""
        return ""

    def spread(self, subscriptions: Sequence[Subscription]) -> list[list[Subscription]]:
        """Have one connection carry it all; see `Feed`."""
        return [list(subscriptions)]
