"""A client that connects, and how it is refused."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = ["Handshake", "Refusal", "Visitors"]


class Visitors:
    """
    What a venue counts over all its connections, of which each has its own server half.

    This one counts nothing, and nothing is too much for it; a replay gives one that does.
    """

    def come(self, who: str | None) -> int:  # noqa: ARG002
        """Count a connection; return how many `who` has with it."""
        return 1

    def leave(self, who: str | None) -> None:  # noqa: ARG002
        """Count a connection no longer."""
        return

    def may(self, who: str, what: str, per_second: float, at_once: float = 0.0) -> bool:  # noqa: ARG002
        """
        Tell whether a visitor may do something once more, and count it if so.

        Args:
            who: The visitor, mostly an address.
            what: What is limited.
            per_second: How often in a second of real time.
            at_once: How often at once; 0 for as often as in a second.

        """
        return True


class Handshake(msgspec.Struct, frozen=True):
    """
    What a client asked for when it connected.

    Attributes:
        target: Path and query.
        headers: By name in lower case.
        address: Where it came from, without the port; empty if that is unknown.
        visitors: What the venue counts over all its connections.

    """

    target: str
    headers: Mapping[str, str]
    address: str = ""
    visitors: Visitors = msgspec.field(default_factory=Visitors)


class Refusal(msgspec.Struct, frozen=True):
    """Answer a handshake with an HTTP status from 400 on, and a line of text; there will be no WebSocket."""

    status: int
    text: str
