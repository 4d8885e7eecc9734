"""A session that is served, without a venue, and what processes were given."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from feedrec.errors import UsageError
from feedrec.feeds import Subscription
from feedrec.feeds.client_half.subscriptions import remove_subscriptions
from feedrec.formats.file.growing.files_so_far import FilesSoFar
from feedrec.formats.line.subscribed import Subscribed, SubscribedFacts
from feedrec.live_messages import FeedPlan
from feedrec.recorder.serving.live_run import LiveRun

FEED = FeedPlan("coinbase-advanced")
MODULES = ("tests.recorder.serving.fake_process", "tests.recorder.serving.fake_states")


class FakeSession:
    """
    A session that subscribes as it is told, but for what it has no room for.

    Attributes:
        accepts: What the venue says to a product; None if it says nothing.
        says: What it says besides, as a `subscribed` event, to what is subscribed next.
        on_answer: Called when the venue has said something.

    """

    def __init__(self, *products: str) -> None:
        self.subscriptions = [Subscription("ticker", products)]
        self._subscribed = Subscribed([one.as_dict() for one in self.subscriptions])
        self._subscribed.add("subscribed", {"accepted": [one.as_dict() for one in self.subscriptions]})
        self.accepts: Callable[[str], bool | None] = lambda _: True
        self.says: dict[str, Any] = {}
        self.on_answer: Callable[[], object] = lambda: None

    @property
    def subscribed(self) -> SubscribedFacts:
        return self._subscribed.facts()

    def told(self, name: str, details: dict[str, Any]) -> None:
        """Take an event of the recording."""
        self._subscribed.add(name, details)

    async def subscribe(self, channels: Sequence[Subscription], /) -> None:
        for one in channels:
            if "FULL-USD" in one.products:
                raise UsageError("no connection can carry so much more")
            self.subscriptions.append(one)
            self._subscribed.ask([one.as_dict()])
            for product in one.products:
                if (accepts := self.accepts(product)) is not None:
                    key = "accepted" if accepts else "missing"
                    self._subscribed.add("subscribed", {key: [{"channel": one.channel, "products": [product]}]})
        self._subscribed.add("subscribed", self.says)
        self.on_answer()

    async def unsubscribe(self, channels: Sequence[Subscription], /) -> None:
        self.subscriptions, _ = remove_subscriptions(self.subscriptions, channels)


class FakeWritten:
    """A recording that says where its lines are when it is asked to."""

    def __init__(self, *, says: bool = True) -> None:
        self.lines = 1
        self.says = says
        self.asked: list[Callable[[FilesSoFar], object]] = []

    def tell_files(self, callback: Callable[[FilesSoFar], object]) -> None:
        if self.says:
            callback(FilesSoFar([Path("/r/1.jsonl")], Path("/r/2.jsonl"), self.lines))
        else:
            self.asked.append(callback)

    def write(self, live: LiveRun, line: bytes) -> None:
        """Write a line, as a run does."""
        self.lines += 1
        live.lines(line + b"\n")


def given(path: Path, name: str = "serving") -> list[Any]:
    """Return what a fake process was given so far: what it is first, then parcels, then "end"."""
    place, whole = Path(f"{path}.{name}"), list[Any]()
    for line in place.read_bytes().splitlines() if place.exists() else ():
        with contextlib.suppress(json.JSONDecodeError, UnicodeDecodeError):  # a process was killed amid it
            whole.append(json.loads(line))
    return whole


def lines_given(path: Path, name: str = "serving") -> list[str]:
    """Return the lines that it was given."""
    parcels = [one for one in given(path, name) if isinstance(one, list) and one[1] == "LINES"]
    return [line for one in parcels for line in one[3].splitlines()]
