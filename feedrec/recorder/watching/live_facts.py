"""How serving stands, at one moment, for those who watch the recorder."""

from __future__ import annotations

import msgspec

__all__ = ["LiveFacts", "ProcessStanding"]


class ProcessStanding(msgspec.Struct, frozen=True):
    """
    One of the processes.

    Attributes:
        is_up: Whether it is there.
        starts: How often it was started.
        waiting: Bytes that wait for it.

    """

    is_up: bool
    starts: int
    waiting: int


class LiveFacts(msgspec.Struct, frozen=True):
    """
    How serving stands.

    Attributes:
        processes: The processes, by what they do: `serving` and `states`.
        bytes: Bytes of lines that went to each.
        clients: Clients that are connected.
        clients_served: Clients that were, so far.
        clients_cut: Those of them that were too slow.
        granted, refused: Wishes that were and were not subscribed.

    """

    processes: dict[str, ProcessStanding]
    bytes: int = 0
    clients: int = 0
    clients_served: int = 0
    clients_cut: int = 0
    granted: int = 0
    refused: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return what the summary of a recorder says of it, as the JSON object of `--json`."""
        return {"clients": self.clients_served, "cut": self.clients_cut}
