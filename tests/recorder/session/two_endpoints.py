"""Two endpoints of one kind, of which one stands in for the other."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from feedrec.feeds import Channel, Message, Subscription
from feedrec.feeds.defaults import ClientDefaults, FeedDefaults
from feedrec.formats import create_recording
from feedrec.recorder import Callbacks, Failover, Limits, RecordingSession
from feedrec.recorder.backoff import Backoff

from ...timing import MS
from ..venue import HEADER, Peer, close, events, text


class ListingClient(ClientDefaults):
    """Sends what it is to subscribe, as one message."""

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self._subscriptions = subscriptions

    def on_open(self, time: int) -> list[Message]:  # noqa: ARG002
        return [Message(json.dumps([one.channel for one in self._subscriptions]).encode())]

    def subscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:  # noqa: ARG002
        return [Message(json.dumps([one.channel for one in subscriptions]).encode())]


class ListingFeed(FeedDefaults):
    def __init__(self, name: str, *channels: str) -> None:
        self.name = name
        self.channels = {channel: Channel(channel, "", takes_products=False) for channel in channels}

    def client(self, subscriptions: Sequence[Subscription], credentials: object = None) -> ListingClient:  # noqa: ARG002
        return ListingClient(subscriptions)


MAIN = ListingFeed("main", "a", "b")
SPARE = ListingFeed("spare", "a")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def session_of(
    url: str,
    spare: str,
    path: Path | None,
    *,
    channels: Sequence[str] = ("a",),
    max_frames: int | None = None,
    callbacks: Callbacks | None = None,
    probe: float = 100 * MS,
) -> RecordingSession:
    return RecordingSession(
        MAIN,
        url,
        [Subscription(channel) for channel in channels],
        None if path is None else create_recording(path, HEADER, level=1),
        limits=Limits(None, max_frames),
        callbacks=callbacks,
        failover=Failover(SPARE, spare, first_probe=probe, last_probe=2 * probe),
        backoff=Backoff(first=0.01, cap=0.02),
    )


def saying(word: bytes) -> Any:
    """Return a server that sends one word on every connection, once it was asked for something, and stays."""

    async def serve(peer: Peer) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            await peer.accept()
            opcode, _ = await peer.read_frame()
            if opcode.name == "CLOSE":  # a probe
                await peer.write(close())
                return
            await peer.write(text(word))
            await peer.answer_close()

    return serve


async def say_and_die(peer: Peer) -> None:
    await peer.accept()
    await peer.read_frame()
    await peer.write(text(b'"dying"'))
    peer.abort()


def switches(path: Path) -> list[tuple[str, str]]:
    return [(event.details["from"], event.details["to"]) for event in events(path, "failover")]
