"""A state that does its work only while somebody iterates it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

import pytest

from feedrec.errors import UsageError
from feedrec.feeds import endpoint_names, venue_of
from feedrec.feeds.state.new_state import new_state
from feedrec.feeds.venue import VenueFeed

SENTENCE = (
    "the state of feed 'acme' is written for feedrec 0.1: apply(info, payload) must change the state and return None, "
    "and snapshot(channel, product, time) return bytes or None"
)


class State:
    """As it should be."""

    def apply(self, info: Any, payload: bytes) -> None:
        pass

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None:  # noqa: ARG002
        return None


class AppliesInSteps(State):
    def apply(self, info: Any, payload: bytes) -> Iterator[None]:  # type: ignore[override]  # noqa: ARG002
        yield


class AppliesAllInSteps(State):
    def apply_all(self, frames: Iterable[Any]) -> Iterator[None]:
        for _ in frames:
            yield


class GivesInSteps(State):
    def snapshot(self, channel: str, product: str, time: int) -> Iterator[bytes | None]:  # type: ignore[override]  # noqa: ARG002
        yield None
        yield b""


class AppliesAllOnly:
    """As `apply` was not part of the contract."""

    def apply_all(self, frames: Iterable[Any]) -> Iterator[Any]:
        return map(id, frames)


class LetsOthersMakeTheSteps(State):
    """No method is a generator itself."""

    def apply_all(self, frames: Iterable[Any]) -> Iterator[Any]:
        return map(id, frames)

    def clear(self) -> Iterator[None]:
        return iter(())


class Acme:
    name = "acme"

    def __init__(self, made: Any) -> None:
        self._made = made

    def state(self, wanted: Any) -> Any:  # noqa: ARG002
        return self._made


def acme(made: Any) -> VenueFeed:
    return cast(VenueFeed, Acme(made))


@pytest.mark.parametrize(
    "kind", [AppliesInSteps, AppliesAllInSteps, GivesInSteps, AppliesAllOnly, LetsOthersMakeTheSteps]
)
def test_a_state_of_the_earlier_contract_is_refused_with_what_to_write(kind: type) -> None:
    with pytest.raises(UsageError) as refusal:
        new_state(acme(kind()), None)
    assert str(refusal.value) == SENTENCE


def test_a_state_of_plain_functions_is_taken() -> None:
    state: Any = State()
    assert new_state(acme(state), None) is state
    assert new_state(acme(None), None) is None


@pytest.mark.parametrize("name", endpoint_names())
def test_every_built_in_state_has_the_contract(name: str) -> None:
    venue = venue_of(name)
    if venue is not None:
        new_state(venue, None)
