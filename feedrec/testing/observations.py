"""What was seen of a replay so far, across threads: the server's loop adds to it, tests wait for it."""

from __future__ import annotations

import threading
import time as clock
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from ..admission.log_limit import shortened
from ..http_messages import HttpAnswer, HttpRequest
from ..replay import ClientResult, DialogueFailure, FaultHit, Observer
from .messages import Received, ReceivedMessage, ReceivedRequest, ReplayClient, SentMessage

__all__ = ["KEPT_BYTES", "KEPT_FAILURES", "KEPT_MESSAGES", "Observations"]

KEPT_MESSAGES = 10_000
"""Messages that are kept in each direction, the last ones."""

KEPT_BYTES = 64 << 20
"""Bytes of payload that are kept in each direction; one message is, however large."""

KEPT_FAILURES = 1000
"""Failures of dialogues that are kept, the first ones."""

_POLL = 0.02  # seconds between looks at what is waited for: messages that are sent wake nobody
_MOST_NAMED = 5  # clients in an error

Message = TypeVar("Message", SentMessage, Received)


class Kept(Generic[Message]):
    """The last messages, within bounds."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._size = 0

    def add(self, new: Sequence[Message]) -> None:
        """Add messages; the first ones may have to go."""
        messages = self._messages
        messages.extend(new)
        self._size += sum(map(_size_of, new))
        while len(messages) > KEPT_MESSAGES or (self._size > KEPT_BYTES and len(messages) > 1):
            self._size -= _size_of(messages.popleft())

    def all(self) -> list[Message]:
        """Return them in order."""
        return list(self._messages)


class Observations(Observer):
    """Notes what happens at a replay server; a test reads it, and waits for it, in any other thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._clients: dict[int, ReplayClient] = {}
        self._counts: dict[int, list[int]] = {}  # messages to and from each client
        self._sent: Kept[SentMessage] = Kept()
        self._received: Kept[Received] = Kept()
        self._requests = 0
        self._failures: list[tuple[int, Exception]] = []
        self._dialogue_failures: list[DialogueFailure] = []
        self._faults: list[FaultHit] = []  # no more than the server lists
        self._changes = 0

    @property
    def clients(self) -> list[ReplayClient]:
        """All clients that came, in order of connection."""
        with self._lock:
            return [
                msgspec.structs.replace(client, sent=sent, received=received)
                for client, (sent, received) in zip(self._clients.values(), self._counts.values(), strict=True)
            ]

    @property
    def sent(self) -> list[SentMessage]:
        """The last messages to clients, in order."""
        with self._lock:
            return self._sent.all()

    @property
    def received(self) -> list[Received]:
        """The last messages of clients, and their requests, in order."""
        with self._lock:
            return self._received.all()

    @property
    def failures(self) -> list[tuple[int, Exception]]:
        """The errors that ended replays too early, with the numbers of the clients."""
        with self._lock:
            return list(self._failures)

    @property
    def faults(self) -> list[FaultHit]:
        """What faults have hit, the first of it."""
        with self._lock:
            return list(self._faults)

    @property
    def dialogue_failures(self) -> list[DialogueFailure]:
        """What clients said or did in a dialogue that was not recorded."""
        with self._lock:
            return list(self._dialogue_failures)

    def wait(self, is_true: Callable[[], bool], seconds: float) -> bool:
        """Wait until something about these observations is true; return whether it is within so many seconds."""
        deadline = clock.monotonic() + seconds
        while True:
            with self._lock:
                changes = self._changes
            if is_true():  # without the lock: who asks may wait for the server
                return True
            left = deadline - clock.monotonic()
            if left <= 0:
                return False
            with self._lock:
                if self._changes == changes:
                    self._changed.wait(min(left, _POLL))

    def __str__(self) -> str:
        """Say who came and what they did, on one line."""
        clients = self.clients
        with self._lock:
            requests = self._requests
        asked = f"{requests:,} request{'s were' if requests > 1 else ' was'} answered" if requests else ""
        if not clients:
            return "; ".join(filter(None, ("no client has connected", asked)))
        named = [shortened(str(client)) for client in clients[:_MOST_NAMED]]
        more = len(clients) - len(named)
        return "; ".join(filter(None, [*named, f"{more:,} more" if more else "", asked]))

    # What the server tells, in its thread

    def on_connected(self, client: int, address: str, endpoint: str) -> None:
        with self._lock:
            self._clients[client] = ReplayClient(number=client, address=address, endpoint=endpoint)
            self._counts[client] = [0, 0]
            self._tell()

    def on_received(self, client: int, message: str | bytes, time: int) -> None:
        is_text = isinstance(message, str)
        payload = message.encode() if isinstance(message, str) else message
        with self._lock:
            self._received.add([ReceivedMessage(client=client, payload=payload, binary=not is_text, time=time or None)])
            self._counts[client][1] += 1
            self._tell()

    def on_subscribed(self, client: int, channels: Mapping[str, Collection[str]]) -> None:
        subscribed = {channel: tuple(products) for channel, products in channels.items()}
        with self._lock:
            self._change(client, subscribed=subscribed)

    def on_sent(self, messages: Sequence[SentMessage]) -> None:
        with self._lock:
            self._sent.add(messages)
            self._counts[messages[0].client][0] += len(messages)

    def on_request(self, request: HttpRequest, answer: HttpAnswer, time: int | None) -> None:
        with self._lock:
            self._received.add([ReceivedRequest(request, answer, time)])
            self._requests += 1
            self._tell()

    def on_request_failed(self, failure: DialogueFailure) -> None:
        with self._lock:
            if len(self._dialogue_failures) < KEPT_FAILURES:
                self._dialogue_failures.append(failure)
            self._tell()

    def on_fault(self, hit: FaultHit) -> None:
        with self._lock:
            self._faults.append(hit)
            self._tell()

    def on_failed(self, client: int, error: Exception) -> None:
        with self._lock:
            self._failures.append((client, error))
            self._tell()

    def on_ended(self, client: int, result: ClientResult | None) -> None:
        outcome = None if result is None else result.outcome
        with self._lock:
            if result is not None and result.failure is not None:
                self._dialogue_failures.append(result.failure)
            self._change(client, is_connected=False, outcome=outcome)

    def _change(self, client: int, **changes: Any) -> None:
        self._clients[client] = msgspec.structs.replace(self._clients[client], **changes)
        self._tell()

    def _tell(self) -> None:
        """Wake who waits for a change."""
        self._changes += 1
        self._changed.notify_all()


def _size_of(message: SentMessage | Received) -> int:
    return len(message.payload) + (len(message.answer.body) if isinstance(message, ReceivedRequest) else 0)
