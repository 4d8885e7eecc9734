"""
One conversation, played: what goes out next, what the client must say, and what failed. Pure.

1. The client's messages are compared in order, each with the next recorded one, as soon as they come: a client may
   speak before it was answered.
2. What was recorded goes out in order. A frame that was recorded after a message of the client waits for it.
3. What stands for recorded values is learnt when a message is compared, and holds for what was recorded after it.
"""

from __future__ import annotations

from collections import deque

import msgspec

from ...feeds.redaction import Redaction
from .difference import Difference, difference_of, missing, surplus
from .failure import DialogueFailure, FailureKind
from .matching import Matching
from .recorded import Ending, Message, RecordedConversation
from .stand_ins import Pair, StandIns

__all__ = ["Act", "Conversation", "Ends", "Heard", "Said", "Waits"]


class Said(msgspec.Struct, frozen=True):
    """The recorded venue says something: a message to send, at its recorded time."""

    time: int
    message: Message


class Heard(msgspec.Struct, frozen=True):
    """The client said what it said at this recorded time; what follows is timed from there."""

    time: int


class Waits(msgspec.Struct, frozen=True):
    """Nothing goes out until the client speaks, which took it so many recorded nanoseconds."""

    silence: int


class Ends(msgspec.Struct, frozen=True):
    """All was said; the recorded close, if any, came so many nanoseconds after it."""

    ending: Ending | None
    silence: int = 0


Act = Said | Heard | Waits | Ends


class Conversation:
    """
    Plays a recorded conversation to a client.

    Args:
        recorded: The conversation.
        matching: How messages are compared.
        client: The client's number.
        patience: Seconds by which it may be longer silent than when that was recorded.
        redaction: Knows what must not be shown of what it says.

    Attributes:
        patience: See above.

    """

    def __init__(
        self,
        recorded: RecordedConversation,
        matching: Matching,
        client: int,
        patience: float = 5.0,
        redaction: Redaction | None = None,
    ) -> None:
        self.patience = patience
        self._recorded = recorded
        self._matching = matching
        self._client = client
        self._redaction = redaction or Redaction()
        self._expected = recorded.client_messages
        self._heard = 0  # messages that were as expected
        self._learnt: deque[list[Pair]] = deque()  # from those after the place where the playing is
        self._known = StandIns()  # for the next message
        self._known_here = StandIns()  # for the next frame
        self._place = 0

    @property
    def waits(self) -> bool:
        """Whether nothing goes out until the client speaks."""
        steps = self._recorded.steps
        return self._place < len(steps) and steps[self._place].is_client and not self._learnt

    @property
    def is_over(self) -> bool:
        """Whether all was said."""
        return self._place == len(self._recorded.steps)

    def next(self) -> Act:
        """Return what comes next; what is returned counts as done, but for waiting and the end."""
        steps, place = self._recorded.steps, self._place
        before = steps[place - 1].time if place else None
        if place == len(steps):
            ending = self._recorded.ending
            return Ends(ending, 0 if ending is None or before is None else max(0, ending.time - before))
        step = steps[place]
        if not step.is_client:
            self._place += 1
            return Said(step.time, self._with_stand_ins(step.message))
        if not self._learnt:
            return Waits(0 if before is None else max(0, step.time - before))
        self._place += 1
        self._known_here.learn(self._learnt.popleft())
        return Heard(step.time)

    def _with_stand_ins(self, message: Message) -> Message:
        if message.binary:
            return message
        payload, found = self._known_here.applied_to(message.payload)
        for known in (self._known, self._known_here):
            known.learn(found)
        return message._replace(payload=payload)

    def hear(self, said: Message) -> DialogueFailure | None:
        """Take a message of the client; return what is wrong with it, if anything is."""
        if self._heard == len(self._expected):
            found = surplus(said, self._redaction)
            return self._failure("surplus message", _too_many(len(self._expected)), found)
        expected = self._expected[self._heard]
        pairs = self._matching.compare(expected, said, self._known)
        if pairs is None:
            found = difference_of(expected, said, self._matching, self._known, self._redaction)
            return self._failure("message", f"{self._next_message} is not the recorded one", found)
        self._heard += 1
        self._known.learn(pairs)
        self._learnt.append(pairs)
        return None

    def fall_silent(self, seconds: float) -> DialogueFailure:
        """Return the failure of a client that said nothing for so long."""
        expected = self._expected[self._heard]
        return self._failure("silence", f"{self._next_message} did not come within {seconds:.4g} s", missing(expected))

    def leave(self) -> DialogueFailure | None:
        """Return the failure of a client that left, if it should have said more."""
        if self._heard == len(self._expected):
            return None
        return self._failure("left", f"it left before {self._next_message}", missing(self._expected[self._heard]))

    def stay(self, seconds: float) -> DialogueFailure:
        """Return the failure of a client that did not close for so long."""
        return self._failure("not left", f"it did not close within {seconds:.4g} s, as it did when recorded")

    @property
    def _next_message(self) -> str:
        return f"message {self._heard + 1} of {len(self._expected)}"

    def _failure(self, kind: FailureKind, text: str, found: Difference | None = None) -> DialogueFailure:
        number = self._heard + 1 if self._heard < len(self._expected) else 0
        found = found or Difference()
        return DialogueFailure(
            self._client, kind, text, self._recorded.name, number, found.expected, found.got, found.lines
        )


def _too_many(recorded: int) -> str:
    if not recorded:
        return "it sent a message, and none was recorded"
    return f"it sent more than the {'one message' if recorded == 1 else f'{recorded} messages'} recorded"
