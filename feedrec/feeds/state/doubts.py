"""The events of a recording after which a book may be wrong until its next snapshot (docs/format.md, "Events")."""

from __future__ import annotations

__all__ = ["DOUBTS", "DOUBTS_OF_RUN", "REVEALING"]

REVEALING = frozenset(["gap", "reset", "crossed"])
"""Those that reveal it: a recorder subscribes the book again then, which is a `resync`."""

DOUBTS = REVEALING | {"resync"}
"""Those that are about the product that they name, or else about all of their connection."""

DOUBTS_OF_RUN = frozenset(["lost", "damage"])
"""Those that are about all connections of the recording."""
