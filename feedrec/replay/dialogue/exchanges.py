"""
HTTP requests, and the recorded answers to them. Pure.

1. A request has no connection, and clients ask several things at once. So it is not compared with the next one that was
   recorded, but takes the first that is like it and was not asked yet.
2. A request that only reads (`GET`) and comes more often than it was recorded gets the last answer again: clients poll.
   One that changes something fails then.
3. What was recorded after a request that changes something is not read before that was sent.
4. What stands for recorded values is shared with conversations as far as such a value is known wherever it is: a short
   one may be another thing on each connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from ...feeds.redaction import Redaction
from ...http_messages import TEXT, HttpAnswer, HttpRequest
from .failure import DialogueFailure, FailureKind
from .matching import Matching
from .recorded import RecordedExchange
from .request_difference import difference_of_requests, missing_request, shown_request, surplus_request
from .request_parts import Parts, parts_of_exchange, parts_of_request, safe_parts
from .stand_ins import Pair, StandIns, telling

__all__ = ["Answered", "Exchanges", "refusal"]

_MOST_NAMED = 3  # requests that were not sent
_MOST_SHOWN = 100  # failures that are shown in full: nothing stops a client that goes on


class Answered(msgspec.Struct, frozen=True):
    """
    The answer to a request.

    Attributes:
        exchange: What was recorded, which tells how long it took.
        answer: The answer, with the client's values in place of recorded ones.

    """

    exchange: RecordedExchange
    answer: HttpAnswer


class Exchanges:
    """
    Answers requests as was recorded.

    Args:
        recorded: All requests that were recorded, in order.
        matching: How they are compared.
        redaction: Knows what must not be shown of what a client says.

    Attributes:
        told: What stands for recorded values in conversations too, in the order in which it was learnt.
        on_heard: Called when a request was as expected.

    """

    def __init__(
        self,
        recorded: Sequence[RecordedExchange] = (),
        matching: Matching | None = None,
        redaction: Redaction | None = None,
    ) -> None:
        self.told: list[Pair] = []
        self.on_heard: set[Callable[[], object]] = set()
        self._recorded = recorded
        self._matching = matching or Matching()
        self._redaction = redaction or Redaction()
        self._parts = [parts_of_exchange(one, as_written=self._matching.is_exact) for one in recorded]
        self._alike: dict[tuple[str, int], list[int]] = {}
        for number, parts in enumerate(self._parts):
            self._alike.setdefault(_form_of(parts), []).append(number)
        self._changes = [number for number, one in enumerate(recorded) if not one.is_safe]
        self._used: set[int] = set()
        self._failures = 0
        self._known = StandIns()

    def __len__(self) -> int:
        return len(self._recorded)

    @property
    def is_over(self) -> bool:
        """Whether each was asked."""
        return len(self._used) == len(self._recorded)

    @property
    def unplayed(self) -> str:
        """Which were not asked, for people; empty if all were."""
        left = [number for number in range(len(self._recorded)) if number not in self._used]
        if not left:
            return ""
        names = [shown_request(self._parts[number]) for number in left[:_MOST_NAMED]]
        more = f" and {len(left) - len(names):,} more" if len(left) > len(names) else ""
        which = ", ".join(names) + more
        if len(self) == 1:
            return f"the recorded request was not sent: {which}"
        return f"{len(left):,} of {len(self):,} recorded requests were not sent: {which}"

    def is_used(self, number: int) -> bool:
        """Return whether a request was sent."""
        return number in self._used

    def learn(self, pairs: Iterable[Pair]) -> None:
        """Take note of what stands for recorded values in a conversation, as far as it does so everywhere."""
        self._known.learn(telling(pairs))

    def hear(self, request: HttpRequest) -> Answered | DialogueFailure:
        """Take a request; return the answer, or what is wrong with it."""
        said = parts_of_request(request, as_written=self._matching.is_exact)
        found = self._find(said)
        if found is None:
            return self._failure(request, said)
        number, pairs = found
        self._used.add(number)
        exchange = self._recorded[number]
        self._learn(pairs)  # the last: an answer names the id of its own request
        body, became_known = self._known.applied_to(exchange.answer.body)
        self._learn(became_known)
        for heard in list(self.on_heard):
            heard()
        return Answered(exchange, msgspec.structs.replace(exchange.answer, body=body))

    def silence(self, number: int, client: int, seconds: float) -> DialogueFailure:
        """Return the failure of a client that waits for what follows a request, which did not come for so long."""
        exchange, parts = self._recorded[number], self._parts[number]
        text = f"{shown_request(parts)} did not come within {seconds:.4g} s"
        found = missing_request(parts)
        return DialogueFailure(client, "silence", text, exchange.name, 0, found.expected, found.got, found.lines)

    def _learn(self, pairs: Sequence[Pair]) -> None:
        self._known.learn(pairs)
        self.told += telling(pairs)

    def _find(self, said: Parts) -> tuple[int, list[Pair]] | None:
        """Find what answers a request, see the rules above; return its number, and the values that were ignored."""
        alike = self._alike.get(_form_of(said), [])
        changes = self._next_changes()
        too_early = None
        for number in alike:
            is_later = self._recorded[number].is_safe and number > changes.get(self._recorded[number].run, number)
            if number in self._used or (is_later and too_early is not None):
                continue
            if (pairs := self._compare(number, said)) is not None:
                if not is_later:
                    return number, pairs
                too_early = number, pairs
        for number in reversed(alike):
            can_repeat = number in self._used and self._recorded[number].is_safe
            if can_repeat and (pairs := self._compare(number, said)) is not None:
                return number, pairs
        return too_early

    def _compare(self, number: int, said: Parts) -> list[Pair] | None:
        return self._parts[number].compare(said, self._matching, self._known)

    def _next_changes(self) -> dict[int, int]:
        """Return the number of the first request of each recording that changes something and was not sent yet."""
        found: dict[int, int] = {}
        for number in self._changes:
            if number not in self._used:
                found.setdefault(self._recorded[number].run, number)
        return found

    def _failure(self, request: HttpRequest, said: Parts) -> DialogueFailure:
        self._failures += 1
        if self._failures > _MOST_SHOWN:
            return DialogueFailure(0, "request", "a request is none of those recorded, as many before it")
        safe = safe_parts(request, self._redaction, as_written=self._matching.is_exact)
        free = [number for number in range(len(self)) if number not in self._used]
        alike = next((number for number in free if self._parts[number].has_same_path(said, self._known)), None)
        nearest = alike if alike is not None or not free else free[0]
        kind: FailureKind = "request"
        text = "was not recorded" if alike is None else "is not the recorded one"
        if any(self._compare(number, said) is not None for number in self._alike.get(_form_of(said), [])):
            kind, text, nearest = "surplus request", "came more often than it was recorded", None
        name = "" if nearest is None else self._recorded[nearest].name
        if nearest is None:
            found = surplus_request(safe)
        else:
            found = difference_of_requests(self._parts[nearest], said, safe, self._matching, self._known)
        shown = shown_request(safe)
        return DialogueFailure(0, kind, f"{shown} {text}", name, 0, found.expected, found.got, found.lines)


def _form_of(parts: Parts) -> tuple[str, int]:
    """Return what requests have in common that may be the same."""
    return parts.method, parts.path.count("/")


def refusal(failure: DialogueFailure) -> HttpAnswer:
    """Return the answer to a request that was not recorded."""
    return HttpAnswer(404, "".join(f"{line}\n" for line in failure.lines).encode(), TEXT)
