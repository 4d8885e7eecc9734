"""All connections of a run, on servers that count what is asked of each."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from feedrec.errors import UsageError
from feedrec.feeds import Channel, Message, Subscription
from feedrec.feeds.connections.limits import ConnectionLimits
from feedrec.feeds.defaults import ClientDefaults, FeedDefaults
from feedrec.formats import create_recording
from feedrec.recorder import Limits, RecordingSession
from feedrec.recorder.session.run_options import RunOptions

from ...timing import until
from ..venue import HEADER, Peer, received, run, sent, text, venue


class ProductsClient(ClientDefaults):
    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self._subscriptions = subscriptions

    def on_open(self, time: int) -> list[Message]:
        return self.subscribe(self._subscriptions, time)

    def subscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:  # noqa: ARG002
        return [Message(json.dumps(sorted(name for one in subscriptions for name in one.products)).encode())]


class ProductsFeed(FeedDefaults):
    """A venue that allows three connections of four products each."""

    name = "products"
    connection_limits = ConnectionLimits(3, products={"book": 4})

    def __init__(self) -> None:
        self.channels = {"book": Channel("book", "")}

    def client(self, subscriptions: Sequence[Subscription], credentials: object = None) -> ProductsClient:  # noqa: ARG002
        return ProductsClient(subscriptions)


async def echo(peer: Peer) -> None:
    """Say each product that is subscribed."""
    await peer.accept()
    while (frame := await peer.read_frame())[0].name == "TEXT":
        for name in json.loads(frame[1]):
            await peer.write(text(json.dumps(name).encode()))
    await peer.write(b"\x88\x00")


def session_of(url: str, path: Path | None, products: str, connections: int | None, frames: int) -> RecordingSession:
    return RecordingSession(
        ProductsFeed(),
        url,
        [Subscription("book", tuple(products))],
        None if path is None else create_recording(path, HEADER, level=1),
        limits=Limits(None, frames),
        options=RunOptions(connections=connections),
    )


def test_products_are_shared_out_over_the_connections_that_were_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"

    async def record() -> None:
        async with venue(echo) as url:
            session = session_of(url, path, "ABCDEF", 3, 7)
            task = session.start()
            await until(lambda: session.progress.counts.frames == 6)
            await session.subscribe(("book", ["G"]))
            summary = await task
            assert (summary.counts.connections, summary.counts.reconnects) == (3, 0)

    run(record())
    asked = [json.loads(frame.payload) for frame in sent(path)]
    assert sorted(map(len, asked)) == [1, 2, 2, 2]
    assert sorted(name for names in asked for name in names) == list("ABCDEFG")
    assert {frame.conn for frame in received(path)} == {0, 1, 2}


def test_fewer_products_than_connections_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async def record() -> None:
        async with venue(echo) as url:
            with caplog.at_level(logging.WARNING, "feedrec"):
                summary = await session_of(url, None, "AB", 3, 2).run()
            assert summary.counts.connections == 2

    run(record())
    assert "3 connections were asked for, but there is something for 2 only" in caplog.text


@pytest.mark.parametrize(("products", "connections"), [("ABC", 4), ("ABCDE", 1)])
def test_what_the_venue_does_not_allow_is_refused_before_anything_is_opened(products: str, connections: int) -> None:
    async def record() -> None:
        with pytest.raises(UsageError, match=r"allows 3 at once|cannot carry all of this at products: use 2 or more"):
            session_of("ws://127.0.0.1:9", None, products, connections, 1)

    asyncio.run(record())
