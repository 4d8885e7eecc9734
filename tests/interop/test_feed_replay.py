"""A replay as a fixture of tests, with clients of websocket-client: it blocks, and so needs threads."""

from __future__ import annotations

import contextlib
import threading

import websocket

from feedrec.testing import FeedReplay

from ..testing.feeds import CHANNELS, DEMO, subscription
from ..timing import HANG_TIMEOUT


def received(url: str) -> int:
    """Subscribe everything, and return how many messages come until the connection is closed."""
    count = 0
    client = websocket.create_connection(url, timeout=HANG_TIMEOUT)
    with contextlib.closing(client.sock):  # which that library leaves open when the other side ends
        for channel in CHANNELS:
            client.send(subscription(channel))
        while client.recv():
            count += 1
    return count


def test_a_client_that_blocks_gets_every_frame() -> None:
    with FeedReplay(DEMO) as feed:
        assert received(feed.url) == 1545
        feed.wait_done(HANG_TIMEOUT)


def test_an_application_that_is_called_back_gets_every_frame() -> None:
    """In a thread of its own, as a bot has it."""
    messages: list[str] = []

    with FeedReplay(DEMO) as feed, contextlib.ExitStack() as sockets:

        def subscribe(app: websocket.WebSocketApp) -> None:
            sockets.enter_context(contextlib.closing(app.sock.sock))
            for channel in CHANNELS:
                app.send(subscription(channel))

        app = websocket.WebSocketApp(feed.url, on_open=subscribe, on_message=lambda _, text: messages.append(text))
        thread = threading.Thread(target=app.run_forever)
        thread.start()
        feed.wait_done(HANG_TIMEOUT)
        thread.join(HANG_TIMEOUT)
    assert [message.text for message in feed.sent] == messages
