"""The assistant, tested on a recorded conversation: no service, no key, no bill."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import assistant
import pytest
from websockets.exceptions import ConnectionClosedError

from feedrec.errors import DialogueFailedError
from feedrec.testing import FeedReplay

RECORDING = Path(__file__).parent / "feeds" / "conversation.jsonl"

pytestmark = pytest.mark.feed("conversation.jsonl", mode="dialogue", match="ignore:event_id")


def test_a_conversation_with_a_call_of_a_function(feed: FeedReplay) -> None:
    """Each event has a new id; the recorded replies go out with it."""
    first, second = asyncio.run(assistant.talk(feed.url))
    feed.wait_done()
    assert (first.heard, first.text) == ("What does bitcoin cost?", "It costs 91374.18 dollars. ")
    assert (second.heard, second.text) == ("Thank you.", "You are welcome. ")
    assert first.audio.startswith(b"ItIt")
    assert len(second.audio) == 20 * len("Youarewelcome.")


def test_it_is_as_quick_as_the_service_was(feed_replay: Callable[..., FeedReplay]) -> None:
    """At the speed of life, for what depends on time."""
    feed = feed_replay("conversation.jsonl", mode="dialogue", match="ignore:event_id", speed=1)
    assert len(asyncio.run(assistant.talk(feed.url))) == 2


def test_another_answer_of_a_function_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would have led to another conversation. The difference is in the error."""
    monkeypatch.setattr(assistant, "price_of", lambda product: {"product": product, "price": "0"})
    feed = FeedReplay(RECORDING, mode="dialogue", match="ignore:event_id")
    feed.start()
    with pytest.raises(ConnectionClosedError, match="message 8 of 14 is not the recorded one"):
        asyncio.run(assistant.talk(feed.url))
    with pytest.raises(DialogueFailedError, match=r'\+   "output": .*0'):
        feed.close()
