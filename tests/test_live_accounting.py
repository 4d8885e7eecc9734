"""
The accounting of `make soak live` finds whatever a client of a served feed was not given as it should have been.

What it was given is made here by the venue's server half and state, which know nothing of the accounting.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import find_feed
from feedrec.feeds.auth import Auth
from feedrec.feeds.venue import Send, VenueFeed
from feedrec.formats import create_recording
from feedrec.model import Frame, Header
from soak.fickle_feed import ack, body, heartbeat, numbered_in, snapshot
from soak.ledger import WITHHELD, Ledger, digest_of
from soak.live.accounting import LiveTally, SessionAccount, books_in
from soak.live.clients import WISHES
from soak.live.notes import Session, read_sessions
from soak.live.session import Listening
from soak.live.truth import Run, read_runs

NAME = "live.1-0001"
PAIR = ("BTC-USD", "ETH-USD")
FRAMES = 80
WITHHELD_NUMBER = 50
TIME = 1_795_280_400_000_000_000
FEED = cast(VenueFeed, find_feed("coinbase-advanced"))

Given = list[bytes]
"""What a client was given, message by message."""


@functools.cache
def sent() -> tuple[list[bytes], Ledger]:
    """Return what a venue sent on a connection, in whose count there is a hole, and what it noted."""
    ledger, payloads = Ledger(NAME), []
    begin = [snapshot(PAIR[0], 2000), ack({"level2": PAIR[:1]}), snapshot(PAIR[1], 2000), heartbeat(1)]
    for number in range(FRAMES):
        if number == WITHHELD_NUMBER:
            ledger.note(0, number, number, WITHHELD)
            continue
        template = begin[number] if number < len(begin) else body(number, PAIR[number % 2 if number % 10 > 1 else 1])[1]
        more = (number,) if number >= len(begin) else ()
        payload = template % (NAME.encode(), number, b"2026-11-26T17:00:00Z", number, *more)
        payloads.append(payload)
        ledger.note(digest_of(payload), number, number)
    return payloads, ledger


def given_to_client(wish: int, joins: int, leaves: int) -> Given:
    """Return what a server half gives a client that subscribes after so many frames, and leaves later."""
    products = {"level2": PAIR, "ticker": PAIR, "market_trades": PAIR, "heartbeats": ("",)}
    server, state = FEED.server(products, {}, Auth(now=lambda: TIME)), FEED.state(None)
    assert state is not None
    payloads, _ = sent()
    messages = Given()
    for place, payload in enumerate(payloads[:leaves]):
        if place == joins:
            for channel, wanted in WISHES[wish]:
                request = {"type": "subscribe", "channel": channel, "product_ids": wanted}
                replies = server.on_message(json.dumps(request).encode(), TIME)
                messages += [bytes(one.payload) for one in replies if isinstance(one, Send)]
            states = {key: state.snapshot(key[0], key[1], TIME) for key in server.wanted}
            messages += [bytes(one.payload) for one in server.on_state(states, TIME) if isinstance(one, Send)]
        info = FEED.describe(payload)
        state.apply(info, payload)
        messages += map(bytes, server.on_frame(Frame(TIME, 0, payload), info))
    return messages


def noted(messages: Given) -> Session:
    """Return what the client notes of it."""
    listening = Listening("client0")
    for message in messages:
        listening.take(message)
    return listening.ended("left")


@pytest.fixture(scope="module", name="files")
def _files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], list[Path]]:
    """Record so many of the frames."""

    @functools.cache
    def files(count: int) -> list[Path]:
        writer = create_recording(tmp_path_factory.mktemp("live") / "live.jsonl.zst", Header(FEED.name, created=TIME))
        for payload in sent()[0][:count]:
            writer.write(Frame(TIME, 0, payload))
        return [writer.finish()]

    return files


def tally_of(messages: Given, files: list[Path]) -> LiveTally:
    """Account for what a client was given."""
    session, tally = noted(messages), LiveTally()
    runs = read_runs(files, books_in(session))
    ledger = sent()[1]
    SessionAccount(session, runs, {NAME: ledger}.get, tally).take()
    return tally


@given(wish=st.integers(0, len(WISHES) - 1), joins=st.integers(0, FRAMES), length=st.integers(0, FRAMES))
def test_what_a_server_half_gives_is_in_order(
    files: Callable[[int], list[Path]], wish: int, joins: int, length: int
) -> None:
    """Whenever a client comes and goes, and whatever it wants."""
    messages = given_to_client(wish, joins, joins + length)
    tally = tally_of(messages, files(FRAMES))
    assert tally.wrong == []
    data = [message for message in messages if not message.startswith(b'{"channel":"subscriptions"')]
    assert tally.frames + tally.states == len(data)
    has_books = any(b"l2_data" in message[:20] for message in data)
    assert bool(tally.books) == has_books


@given(wish=st.integers(0, len(WISHES) - 1), joins=st.integers(0, 60), kept=st.integers(5, FRAMES))
def test_what_a_killed_recorder_had_not_written_may_be_given(
    files: Callable[[int], list[Path]], wish: int, joins: int, kept: int
) -> None:
    """It was received, and passed on."""
    tally = tally_of(given_to_client(wish, joins, FRAMES), files(kept))
    assert tally.wrong == []
    assert tally.beyond or kept > FRAMES - 12 or wish


CHANGES: dict[str, Callable[[Given, int], object]] = {
    "one is lost": lambda messages, at: messages.pop(at),
    "one comes twice": lambda messages, at: messages.insert(at, messages[at]),
    "two change places": lambda messages, at: messages.insert(at, messages.pop(at + 1)),
    "one is another": lambda messages, at: messages.__setitem__(at, messages[at].replace(b"USD", b"EUR", 1)),
    "one is none": lambda messages, at: messages.__setitem__(at, b'{"channel":"l2_data"}'),
}


@given(joins=st.integers(10, 40), at=st.integers(0, 25), change=st.sampled_from(sorted(CHANGES)))
def test_whatever_is_changed_is_found(files: Callable[[int], list[Path]], joins: int, at: int, change: str) -> None:
    """A frame that is lost, doubled, late, or another one, wherever that is."""
    messages = given_to_client(0, joins, FRAMES)
    data = [place for place, one in enumerate(messages) if not one.startswith(b'{"channel":"subscriptions"')]
    states = sum(b'"type":"snapshot"' in one for one in messages)
    CHANGES[change](messages, data[states + at])
    assert tally_of(messages, files(FRAMES)).faults


@given(joins=st.integers(10, 40), wrong=st.sampled_from(["size", "before", "none"]))
def test_a_state_that_is_not_the_true_one_is_found(files: Callable[[int], list[Path]], joins: int, wrong: str) -> None:
    """A size in it is another, it is as of an earlier frame, or it is not there."""
    messages = given_to_client(1, joins, FRAMES)
    (place,) = (place for place, one in enumerate(messages) if b'"type":"snapshot"' in one)
    state = messages[place]
    name, number = numbered_in(state)
    if wrong == "none":
        del messages[place]
    elif wrong == "before":
        at = b"%b.%d" % (name.encode(), number)
        messages[place] = state.replace(at, b"%b.%d" % (name.encode(), number - 10))
    else:
        messages[place] = state.replace(b'"new_quantity":"1.', b'"new_quantity":"2.', 1)
    assert tally_of(messages, files(FRAMES)).faults


def test_sessions_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Those that are whole, in the order in which they began."""
    first, second = noted(given_to_client(0, 5, 60)), noted(given_to_client(1, 9, 50))
    second.write(tmp_path / "a.session")
    first.write(tmp_path / "b.session")
    (tmp_path / "c.part").write_bytes(b"half")
    assert read_sessions(tmp_path) == [first, second]
    assert list(first.columns.numbers)[-1] == numbered_in(sent()[0][59])[1]


def test_a_run_without_files_has_nothing() -> None:
    """As one that was killed at once."""
    assert read_runs([], set()) == {}
    assert Run().places == {}
