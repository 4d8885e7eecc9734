"""
Which client plays which recorded connection: the first the first, in the order in which they are let in.

Where connections were opened at different paths, a client plays the first of those at its own: who opens two at once
does not always do so in the same order. A path may have a key in it, which was redacted.

A client that is gone before it has begun leaves its connection to the next one. HTTP requests have no connection:
see `exchanges.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import NamedTuple

from ...feeds.redaction import REDACTED
from .conversation import Conversation
from .exchanges import Exchanges
from .failure import DialogueFailure
from .matching import Matching
from .reading import read_dialogue, redaction_for
from .recorded import Message, RecordedDialogue
from .request_parts import Parts
from .stand_ins import StandIns

__all__ = ["Casting", "Expected", "open_casting"]

_UNKNOWN_SIZE = 64 << 20  # bytes that a message may have which was redacted as a whole, because of its size perhaps
_WHOLE_REDACTED = f'"{REDACTED}"'.encode()
_UNIT = 1 << 10


class Expected(NamedTuple):
    """
    What a client will have to send.

    Attributes:
        messages: How many messages of at most 1 KiB that would be.
        subprotocol: The subprotocol that it must offer; empty for none.

    """

    messages: float = 0.0
    subprotocol: str = ""


class Casting:
    """
    Gives each client its conversation, and each request its answer.

    Args:
        dialogue: What was recorded; nothing if clients are served otherwise.
        matching: How messages are compared.
        patience: Seconds by which clients may be longer silent than when that was recorded.

    Attributes:
        exchanges: The requests, and their answers.

    """

    def __init__(
        self,
        dialogue: RecordedDialogue | None = None,
        matching: Matching | None = None,
        patience: float = 5.0,
    ) -> None:
        self._patience = patience
        dialogue = dialogue or RecordedDialogue()
        self._conversations = dialogue.conversations
        self._matching = matching or Matching()
        self._redaction = redaction_for(dialogue)
        self.exchanges = Exchanges(dialogue.exchanges, self._matching, self._redaction)
        self._free = list(range(len(self._conversations)))
        self._waiting: dict[Hashable, int] = {}
        self._playing: set[int] = set()  # clients that have begun
        self._played = 0

    @property
    def is_dialogue(self) -> bool:
        """Whether there is anything that clients have to say."""
        return bool(self._conversations or self.exchanges)

    @property
    def is_over(self) -> bool:
        """Whether all conversations were played, to their end or not; where there are none, whether all was asked."""
        return self._played == len(self._conversations) if self._conversations else self.exchanges.is_over

    @property
    def unplayed(self) -> str:
        """Which connections were not played, and which requests not sent, for people; empty if all were."""
        count, missing = len(self._conversations), len(self._conversations) - self._played
        text = f"no client came for {missing:,} of {count:,} recorded connections" if count > 1 else "no client came"
        return "; ".join(filter(None, (text if missing else "", self.exchanges.unplayed)))

    @property
    def longest_message(self) -> int:
        """Bytes that a client must be allowed to send in one message."""
        sizes = (_size_of(message) for one in self._conversations for message in one.client_messages)
        return max(sizes, default=0)

    def let_in(self, client: Hashable, target: str = "") -> Expected:
        """Choose the conversation of a client that asks for a path; return what it will have to send."""
        if not self._free:
            return Expected()
        path = target.partition("?")[0]
        number = self._waiting[client] = self._free_at(path)
        self._free.remove(number)
        chosen = self._conversations[number]
        sizes = map(_size_of, chosen.client_messages)
        return Expected(sum(max(1.0, size / _UNIT) for size in sizes), chosen.subprotocol)

    def _free_at(self, path: str) -> int:
        """Return the first free conversation at a path; else at one of which a part was redacted; else at any."""
        paths = {number: self._conversations[number].path for number in self._free}
        same = (number for number, one in paths.items() if one == path)
        asked = Parts("", path, {})
        alike = (number for number, one in paths.items() if Parts("", one, {}).has_same_path(asked, StandIns()))
        return next(itertools.chain(same, alike, self._free))

    def lose(self, client: Hashable) -> None:
        """Take note that a client is gone; unless it had begun, its conversation is free again."""
        if (number := self._waiting.pop(client, None)) is not None:
            self._free = sorted([*self._free, number])

    def begin(self, client: Hashable, number: int) -> Conversation | DialogueFailure:
        """Begin the conversation of a client with this number; or return why there is none."""
        chosen = self._waiting.pop(client, None)
        if chosen is not None:
            self._playing.add(number)
            played = self._conversations[chosen]
            return Conversation(
                played, self._matching, number, self._patience, self._redaction, exchanges=self.exchanges
            )
        count = len(self._conversations)
        was = {0: "none was", 1: "1 connection was"}.get(count, f"{count:,} connections were")
        return DialogueFailure(number, "surplus client", f"there is no connection left for it: {was} recorded")

    def end(self, number: int) -> None:
        """Take note that the client with this number has ended."""
        self._played += number in self._playing


def open_casting(paths: Sequence[Path | str], matching: Matching, patience: float) -> Casting:
    """Read recordings, see `read_dialogue` for errors, and be ready for clients."""
    return Casting(read_dialogue(paths), matching, patience)


def _size_of(message: Message) -> int:
    return _UNKNOWN_SIZE if message.payload == _WHOLE_REDACTED else len(message.payload)
