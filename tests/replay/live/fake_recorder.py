"""A recorder that serves a feed: it makes parcels, and knows the states as the process for them does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from feedrec.feeds import venue_of
from feedrec.feeds.venue import Key
from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.live_messages import Answered, Catalogue, FeedPlan, Parcel, ParcelKind, ServePlan, Told, Wish
from feedrec.model import Event, Frame, Header
from feedrec.replay.live.live_server import LiveServer
from feedrec.replay.live.states.asking import AsOf

ADVANCED = "coinbase-advanced"
EXCHANGE = "coinbase-exchange"


class FakeRecorder:
    """
    A recorder of one or more feeds, whose parcels go to a server in this process.

    Args:
        endpoints: The feeds.
        port: Where the server listens; 0 for any port.
        options: Further fields of the plan.

    Attributes:
        plan: The plan of the server.
        told: What the server told.
        parcels: What was sent.
        number: That of the last LINES.
        states_are_known: While it is not set, questions about states wait.
        states_number: As of which number the next answer says that it is; None for the truth.
        asked: What was asked about states: feeds, and keys.
        grants: What more is recorded after any wish; None to grant none.
        answers_after: Seconds that a wish waits for its answer.

    """

    def __init__(self, *endpoints: str, port: int = 0, **options: Any) -> None:
        feeds = [FeedPlan(endpoint, f"feed-{place}") for place, endpoint in enumerate(endpoints)]
        self.plan = ServePlan(feeds, "127.0.0.1", port, "", **options)
        self.told: list[Told] = []
        self.parcels: list[Parcel] = []
        self.number = 0
        self.asked: list[tuple[int, frozenset[Key]]] = []
        self.states_are_known = asyncio.Event()
        self.states_are_known.set()
        self.states_number: int | None = None
        self.grants: dict[str, list[str]] | None = None
        self.answers_after = 0.0
        self._catalogues: list[dict[str, list[str]]] = [{} for _ in feeds]
        found = [venue_of(endpoint) for endpoint in endpoints]
        self._states = [None if feed is None else feed.state(None) for feed in found]
        self._feeds = found
        self.server = LiveServer(self.plan, self.ask, self.tell)

    async def __aenter__(self) -> Self:
        await self.server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.close(0.2)

    @property
    def url(self) -> str:
        """Where clients connect to, of the first feed."""
        return self.server.urls[0]

    def connect(self, place: int = 0, **options: Any) -> connect:
        """Connect a client."""
        return connect(self.server.urls[place], max_size=None, ping_interval=None, **options)

    def begin(self, catalogue: Mapping[str, Sequence[str]], place: int = 0) -> None:
        """Begin a run."""
        header = encode_header(Header(self.plan.feeds[place].endpoint)).rstrip(b"\n")
        self.send(ParcelKind.HEADER, header, place)
        self.record(catalogue, place)

    def record(self, catalogue: Mapping[str, Sequence[str]], place: int = 0) -> None:
        """Record these from now on."""
        self._catalogues[place] = {channel: list(products) for channel, products in catalogue.items()}
        self.send(ParcelKind.CATALOGUE, msgspec.json.encode(Catalogue(self._catalogues[place])), place)

    def frames(self, *frames: Frame | Event, place: int = 0) -> None:
        """Send what was recorded."""
        feed, state = self._feeds[place], self._states[place]
        for frame in frames:
            if isinstance(frame, Frame) and feed is not None and state is not None:
                state.apply(feed.describe(frame.payload), frame.payload)
        lines = [encode_frame(one) if isinstance(one, Frame) else encode_event(one) for one in frames]
        self.lines(b"".join(line.rstrip(b"\n") + b"\n" for line in lines), place)

    def lines(self, content: bytes, place: int = 0) -> None:
        """Send lines as they are."""
        self.number += 1
        self.send(ParcelKind.LINES, content, place)

    def send(self, kind: ParcelKind, content: bytes, place: int = 0) -> None:
        """Send a parcel."""
        self.parcels.append(Parcel(self.number, kind, place, content))
        self.server.take([self.parcels[-1]])

    def tell(self, told: Told) -> None:
        """Take what the server tells; wishes are granted, or not."""
        self.told.append(told)
        if isinstance(told, Wish):
            asyncio.get_running_loop().call_later(self.answers_after, self._answer, told)

    def _answer(self, wish: Wish) -> None:
        if self.grants is None:
            answered = Answered(wish.number, "no")
        else:
            self.record({**self._catalogues[wish.feed], **self.grants}, wish.feed)
            answered = Answered(wish.number)
        self.send(ParcelKind.ANSWERED, msgspec.json.encode(answered), wish.feed)

    async def ask(self, feed: int, keys: Collection[Key], time: int, after: int) -> AsOf:
        """Give states as `States.ask` does."""
        assert after <= self.number
        self.asked.append((feed, frozenset(keys)))
        await self.states_are_known.wait()
        await asyncio.sleep(0)
        state, number, self.states_number = self._states[feed], self.states_number, None
        assert state is not None
        return AsOf(self.number if number is None else number, {key: state.snapshot(*key, time) for key in keys})


async def say(client: ClientConnection, **message: Any) -> None:
    """Send a message."""
    await client.send(json.dumps(message))


async def hear(client: ClientConnection, count: int = 1) -> list[Any]:
    """Return the next messages."""
    return [json.loads(await client.recv()) for _ in range(count)]
