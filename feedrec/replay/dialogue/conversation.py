"""
One conversation, played: what goes out next, what the client must say, and what failed. Pure.

1. The client's messages are compared in order, each with the next recorded one, as soon as they come: a client may
   speak before it was answered.
2. What was recorded goes out in order. A frame that was recorded after a message of the client waits for it.
3. What stands for recorded values is learnt when a message is compared, and holds for what was recorded after it.
4. A frame that was recorded after an HTTP request that changes something waits for it too. Nothing is timed from one
   that was sent before the connection was opened.
"""

from __future__ import annotations

from collections import deque

import msgspec

from ...feeds.redaction import Redaction
from .difference import Difference, difference_of, missing, surplus
from .exchanges import Exchanges
from .failure import DialogueFailure, FailureKind
from .matching import Matching
from .recorded import Asked, Ending, Message, RecordedConversation, Step
from .stand_ins import Pair, StandIns

__all__ = ["Act", "Conversation", "Ends", "Heard", "Said", "Waits"]


class Said(msgspec.Struct, frozen=True):
    """The recorded venue says something: a message to send, at its recorded time."""

    time: int
    message: Message


class Heard(msgspec.Struct, frozen=True):
    """The client said or sent what it did at this recorded time; what follows is timed from there."""

    time: int


class Waits(msgspec.Struct, frozen=True):
    """Nothing goes out until the client speaks, or sends a request, which took it so many recorded nanoseconds."""

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
        exchanges: The requests that were recorded beside it.

    Attributes:
        patience: See above.
        exchanges: See above.

    """

    def __init__(
        self,
        recorded: RecordedConversation,
        matching: Matching,
        client: int,
        patience: float = 5.0,
        redaction: Redaction | None = None,
        exchanges: Exchanges | None = None,
    ) -> None:
        self.patience = patience
        self.exchanges = Exchanges() if exchanges is None else exchanges
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
        self._before: int | None = None  # the time of what came last
        self._told = 0  # of what requests told

    @property
    def waits(self) -> bool:
        """Whether nothing goes out until the client speaks."""
        step = None if self.is_over else self._recorded.steps[self._place]
        if isinstance(step, Asked):
            return not self.exchanges.is_used(step.number)
        return step is not None and step.is_client and not self._learnt

    @property
    def is_over(self) -> bool:
        """Whether all was said."""
        return self._place == len(self._recorded.steps)

    def next(self) -> Act:
        """Return what comes next; what is returned counts as done, but for waiting and the end."""
        steps = self._recorded.steps
        while self._place < len(steps):
            step = steps[self._place]
            if isinstance(step, Asked) and not step.is_within:
                if self.waits:
                    return Waits(0)
                self._place += 1
            else:
                return self._take(step)
        ending = self._recorded.ending
        return Ends(ending, 0 if ending is None else self._since_before(ending.time))

    def _take(self, step: Step | Asked) -> Act:
        """Return what a step comes to, and count it as done unless it has to wait."""
        is_said = isinstance(step, Step) and not step.is_client
        if not is_said and self.waits:
            return Waits(self._since_before(step.time))
        self._place += 1
        self._before = step.time
        if isinstance(step, Asked):
            return Heard(step.time)
        if is_said:
            return Said(step.time, self._with_stand_ins(step.message))
        self._known_here.learn(self._learnt.popleft())
        return Heard(step.time)

    def _since_before(self, time: int) -> int:
        return 0 if self._before is None else max(0, time - self._before)

    def _learn_of_requests(self) -> None:
        """Take note of what stands for recorded values since requests told so."""
        if self._told < len(self.exchanges.told):
            told = self.exchanges.told[self._told :]
            self._told += len(told)
            for known in (self._known, self._known_here):
                known.learn(told)

    def _with_stand_ins(self, message: Message) -> Message:
        self._learn_of_requests()
        if message.binary:
            return message
        payload, found = self._known_here.applied_to(message.payload)
        if found:
            for known in (self._known, self._known_here, self.exchanges):
                known.learn(found)
        return message._replace(payload=payload)

    def hear(self, said: Message) -> DialogueFailure | None:
        """Take a message of the client; return what is wrong with it, if anything is."""
        self._learn_of_requests()
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
        self.exchanges.learn(pairs)
        self._learnt.append(pairs)
        return None

    def fall_silent(self, seconds: float) -> DialogueFailure:
        """Return the failure of a client that said nothing, and sent no request, for so long."""
        step = None if self.is_over else self._recorded.steps[self._place]
        if isinstance(step, Asked):
            return self.exchanges.silence(step.number, self._client, seconds)
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
