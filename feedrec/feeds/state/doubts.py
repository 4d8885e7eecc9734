"""The events of a recording after which a book may be wrong until its next snapshot (docs/format.md, "Events")."""

from __future__ import annotations

__all__ = ["DOUBTS", "DOUBTS_OF_RUN"]

DOUBTS = frozenset(["gap", "reset", "crossed", "resync"])
"""Those that are about the product that they name, or else about all of their connection."""

DOUBTS_OF_RUN = frozenset(["lost", "damage"])
"""Those that are about all connections of the recording."""
