"""What all feeds for a test have in common: it looks at them, and waits for what happens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from ..admission.listening import http_url
from ..errors import FeedrecError, UsageError, WaitTimeoutError
from ..feeds.channel_requests import ChannelRequest, read_channel
from .messages import Received, ReplayClient, SentMessage
from .observations import Observations
from .replay_options import as_count, as_seconds

__all__ = ["PATIENCE", "ObservedFeed", "is_told"]

PATIENCE = 10.0
"""Seconds that are waited by default."""


def is_told(failure: Any) -> bool:
    """
    Return whether pytest leaves lines of a module out of a traceback, of which this is `__tracebackhide__`.

    Args:
        failure: What pytest knows of an exception.

    """
    return isinstance(getattr(failure, "value", None), FeedrecError)  # whose text says all; any other is a bug


__tracebackhide__ = is_told


class ObservedFeed(ABC):
    """A feed at `url` and, for HTTP requests, `rest_url`, that notes what clients say and are sent."""

    def __init__(self) -> None:
        self._seen = Observations()
        self._urls: dict[str, str] = {}
        self._url = ""

    @abstractmethod
    def check(self) -> None:
        """
        Raise what has gone wrong so far.

        Raises:
            FeedrecError: If anything has.

        """

    @property
    def url(self) -> str:
        """Where clients connect to, such as `ws://127.0.0.1:40112`."""
        self._check_started()
        return self._url

    @property
    def urls(self) -> dict[str, str]:
        """The same by endpoint: recordings of several endpoints are served side by side."""
        self._check_started()
        return dict(self._urls)

    @property
    def rest_url(self) -> str:
        """Where clients send HTTP requests, such as `http://127.0.0.1:40112`."""
        return http_url(self.url)

    @property
    def rest_urls(self) -> dict[str, str]:
        """The same by endpoint, as `urls`."""
        return {name: http_url(url) for name, url in self.urls.items()}

    @property
    def clients(self) -> list[ReplayClient]:
        """All clients that came, in order of connection, as they are now."""
        return self._seen.clients

    @property
    def sent(self) -> list[SentMessage]:
        """What clients were sent, in order: the last 10,000 messages, and at most 64 MiB of them."""
        return self._seen.sent

    @property
    def received(self) -> list[Received]:
        """What clients said, in order, within the same bounds: messages, and HTTP requests as `ReceivedRequest`."""
        return self._seen.received

    def wait_done(self, timeout: float | str = PATIENCE) -> None:
        """
        Wait until a client has come, and every client that came has ended.

        Args:
            timeout: Seconds, or a text such as `500ms`.

        Raises:
            WaitTimeoutError: If that takes longer.
            ReplayFailedError: If the replay to a client failed: by a bug, because a recording is damaged, or because
                the client did not say what was recorded (`DialogueFailedError`).

        """

        def is_done() -> bool:
            clients = self.clients
            return bool(clients) and not any(client.is_connected for client in clients)

        self._wait("every client to end", is_done, timeout)
        self.check()

    def wait_for_client(
        self, count: int = 1, *, subscribed: str | Sequence[str] | None = None, timeout: float | str = PATIENCE
    ) -> ReplayClient:
        """
        Wait until so many clients have come, and subscribed something.

        Args:
            count: How many.
            subscribed: What each of them must have subscribed: channels such as `ticker`, or with products,
                `ticker:BTC-USD,ETH-USD`; one or several. None for clients that may have subscribed nothing.
            timeout: Seconds, or a text such as `500ms`.

        Returns:
            The last of them; a client that has come and gone counts.

        Raises:
            WaitTimeoutError: If that takes longer.
            ReplayFailedError: If the replay to a client failed.
            UsageError: If a channel is none, or the count.

        """
        count = as_count("the count", count, least=1)
        wanted = [read_channel(text) for text in ([subscribed] if isinstance(subscribed, str) else subscribed or ())]

        def found() -> list[ReplayClient]:
            return [client for client in self.clients if all(self._has_subscribed(client, one) for one in wanted)]

        what = "a client" if count == 1 else f"{count} clients"
        asked = f" that subscribed {subscribed if isinstance(subscribed, str) else ', '.join(subscribed or ())}"
        self._wait(what + (asked if wanted else ""), lambda: len(found()) >= count, timeout)
        return found()[count - 1]

    def wait_until(self, is_true: Callable[[], object], timeout: float | str = PATIENCE) -> None:
        """
        Wait until something is true of `clients`, `sent` and `received`.

        Args:
            is_true: Tells whether it is; it is called over and over, in this thread.
            timeout: Seconds, or a text such as `500ms`.

        Raises:
            WaitTimeoutError: If that takes longer.
            ReplayFailedError: If the replay to a client failed.

        """
        self._wait("what the test waits for", lambda: bool(is_true()), timeout)

    def _has_subscribed(self, client: ReplayClient, request: ChannelRequest) -> bool:
        return client.has_subscribed(request.channel, request.products)

    def _check_started(self) -> None:
        if not self._url:
            raise UsageError("this feed was not started: write `with FeedReplay(...) as feed:`, or call start()")

    def _wait(self, what: str, is_true: Callable[[], bool], timeout: float | str) -> None:
        self._check_started()
        seconds = as_seconds("timeout", timeout)
        seen = self._seen
        if not seen.wait(lambda: bool(seen.failures or seen.dialogue_failures) or is_true(), seconds):
            raise WaitTimeoutError(f"waited {seconds:g} s for {what}, at {self._url}: {self._seen}")
        self.check()
