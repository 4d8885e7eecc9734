"""What failed in a conversation, for people and for tests."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["DialogueFailure", "FailureKind"]

FailureKind = Literal[
    "message", "surplus message", "silence", "left", "not left", "surplus client", "request", "surplus request"
]
"""
What was not as recorded: the client said something else; it said something when all was said; it said nothing in time;
it closed before all was said; it did not close in time; there was no connection for it; it sent another request;
it sent one too often.
"""

_LONGEST_REASON = 123  # bytes of the reason of a close (RFC 6455, 5.5)


class DialogueFailure(msgspec.Struct, frozen=True):
    """
    What a client did that was not recorded. No secret is in it that the recording lacks.

    Attributes:
        client: The client's number; 0 if nothing tells, as of a request.
        kind: What it did; see `FailureKind`.
        text: That in one line.
        recorded: The connection that it should have repeated, as `connection 0 of talk.jsonl`; empty if there was none.
        message: The number of the client's message that was expected, from 1; 0 if none was.
        expected: That message, shortened; empty if none was.
        got: What the client said instead, shortened; empty if it said nothing.
        difference: Where the two differ, line by line: `- ` begins what was expected, `+ ` what was said.

    """

    client: int
    kind: FailureKind
    text: str
    recorded: str = ""
    message: int = 0
    expected: str = ""
    got: str = ""
    difference: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in one line."""
        place = f" ({self.recorded})" if self.recorded else ""
        return f"{f'client {self.client}: ' if self.client else ''}{self.text}{place}"

    @property
    def close_reason(self) -> str:
        """What the client is told."""
        return self.text.encode()[:_LONGEST_REASON].decode(errors="ignore")

    @property
    def lines(self) -> list[str]:
        """All of it, for a terminal."""
        legend = ["--- recorded", "+++ from the client"] if self.difference else []
        return [str(self), *legend, *self.difference]
