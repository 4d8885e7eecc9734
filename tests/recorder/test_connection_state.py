"""A connection goes through its states in one order, and each rule about them holds for every pair."""

from __future__ import annotations

import itertools

import pytest

from feedrec.recorder.connection_state import ConnectionState

CONNECTING, OPEN, RECORDING, PAUSED, CLOSING, CLOSED, FAILED = ConnectionState

ALLOWED = {
    (CONNECTING, OPEN): "the handshake succeeded",
    (CONNECTING, FAILED): "the handshake failed, or was given up",
    (OPEN, RECORDING): "the first subscriptions are sent",
    (OPEN, CLOSING): "the run ended before anything was sent",
    (OPEN, CLOSED): "it was lost before anything was sent",
    (RECORDING, PAUSED): "the disk does not keep up",
    (RECORDING, CLOSING): "one end closes",
    (RECORDING, CLOSED): "it was lost",
    (PAUSED, RECORDING): "the backlog is written, or the connection is to be closed",
    (CLOSING, CLOSED): "the close is recorded",
}

REFUSED = [pair for pair in itertools.product(ConnectionState, repeat=2) if pair not in ALLOWED]


def named(state: ConnectionState) -> str:
    return state.name


@pytest.mark.parametrize(("before", "after"), ALLOWED, ids=named)
def test_a_transition_that_the_rules_allow_gives_the_new_state(before: ConnectionState, after: ConnectionState) -> None:
    assert before.become(after) is after


@pytest.mark.parametrize(("before", "after"), REFUSED, ids=named)
def test_every_other_transition_is_refused(before: ConnectionState, after: ConnectionState) -> None:
    with pytest.raises(RuntimeError, match=f"a connection that is {before.name} cannot become {after.name}"):
        before.become(after)


def reachable(start: ConnectionState) -> set[ConnectionState]:
    found = {start}
    while more := {after for before, after in ALLOWED if before in found} - found:
        found |= more
    return found


def test_every_state_is_reached_and_every_state_can_end() -> None:
    assert reachable(CONNECTING) == set(ConnectionState)
    assert all(reachable(state) & {CLOSED, FAILED} for state in ConnectionState)


def test_a_connection_that_was_open_never_fails_and_one_that_failed_was_never_open() -> None:
    """So FAILED alone says that the recording holds nothing of it."""
    assert FAILED not in reachable(OPEN)
    assert reachable(FAILED) == {FAILED}
    assert reachable(CLOSED) == {CLOSED}


def test_nothing_is_subscribed_twice_and_a_closing_connection_is_not_paused() -> None:
    assert OPEN not in reachable(RECORDING)
    assert reachable(CLOSING) == {CLOSING, CLOSED}
