"""What clients ask for beyond what is recorded, asked of the recorder."""

from __future__ import annotations

import asyncio

import pytest

from feedrec.feeds import Subscription
from feedrec.live_messages import Answered, Wish
from feedrec.replay.live import wishes as module
from feedrec.replay.live.wishes import Wishes

from ..raw_client import run

TICKER = Subscription("ticker", ("SOL-USD",))


def test_wishes_are_numbered_and_each_gets_its_answer_in_any_order() -> None:
    told: list[Wish] = []

    async def scenario() -> list[str | None]:
        wishes = Wishes(told.append)
        asked = [asyncio.create_task(wishes.ask(place, [TICKER])) for place in (0, 3)]
        await asyncio.sleep(0)
        for answered in (Answered(2, "no"), Answered(7), Answered(1), Answered(1, "too late")):
            wishes.take(answered)
        answers = list(await asyncio.gather(*asked))
        assert len(wishes) == 0
        return answers

    assert run(scenario()) == [None, "no"]
    subscriptions = [{"channel": "ticker", "products": ["SOL-USD"]}]
    assert told == [Wish(1, 0, subscriptions), Wish(2, 3, subscriptions)]


def test_a_recorder_that_does_not_answer_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.001)
    wishes = Wishes(lambda _: None)
    assert run(wishes.ask(0, [TICKER])) == "the recorder has not answered"
    assert len(wishes) == 0


def test_a_client_that_leaves_is_forgotten() -> None:
    async def scenario() -> int:
        wishes = Wishes(lambda _: None)
        asked = asyncio.create_task(wishes.ask(0, [TICKER]))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.wait({asked})
        return len(wishes)

    assert run(scenario()) == 0
