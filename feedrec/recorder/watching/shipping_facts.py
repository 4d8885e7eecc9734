"""How shipping stands, for those who watch it and for the summary."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["ShippingFacts"]


class ShippingFacts(msgspec.Struct, frozen=True):
    """
    What is shipped of one run, and what waits.

    Attributes:
        url: Where to.
        waiting: Finished files that are not there yet; those that have failed are none of them.
        waiting_bytes: Their bytes.
        oldest: When the oldest of them was finished, in wall nanoseconds; None if none waits.
        files: Files that were shipped.
        bytes: Their bytes.
        failures: Attempts that came to nothing.
        failed: Files that stay here: another object has their name there, or none can have it.

    """

    url: str
    waiting: int = 0
    waiting_bytes: int = 0
    oldest: int | None = None
    files: int = 0
    bytes: int = 0
    failures: int = 0
    failed: list[str] = []

    def as_dict(self) -> dict[str, Any]:
        """Return it as a JSON object; when the oldest was finished says nothing of a run that is over."""
        facts = msgspec.structs.asdict(self)
        del facts["oldest"]
        return facts
