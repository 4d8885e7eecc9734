"""Signals that end a program, taken between the steps of its work."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from feedrec.cli.signals import ending_between_steps


@pytest.fixture(autouse=True)
def usual_handlers() -> Iterator[None]:
    """Have the handlers that a program has which a person starts: whoever runs the tests may ignore some signals."""
    usual: dict[int, signal.Handlers | Callable[[int, FrameType | None], object]] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


BOTH = [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]


@pytest.mark.parametrize(("number", "end"), BOTH)
def test_a_signal_ends_the_work_at_the_next_step_and_not_before(
    number: signal.Signals, end: type[BaseException]
) -> None:
    """Nothing is raised where the signal arrives: a lock may be held there."""
    with ending_between_steps() as end_if_noted:
        end_if_noted()
        signal.raise_signal(number)
        with pytest.raises(end):
            end_if_noted()


@pytest.mark.parametrize(("number", "end"), BOTH)
def test_a_second_signal_ends_it_at_once(number: signal.Signals, end: type[BaseException]) -> None:
    """Whoever presses Ctrl-C twice does not wait for a step that never comes."""
    with ending_between_steps():
        signal.raise_signal(number)
        with pytest.raises(end):
            signal.raise_signal(number)


def test_the_exit_code_is_that_of_the_signal() -> None:
    """SIGTERM is 143, as in shells."""
    with ending_between_steps() as end_if_noted:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(SystemExit) as ended:
            end_if_noted()
    assert ended.value.code == 143


def test_signals_are_as_before_afterwards() -> None:
    """What is ignored, as under nohup, stays ignored; the rest is put back."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with ending_between_steps() as end_if_noted:
        signal.raise_signal(signal.SIGHUP)
        end_if_noted()
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
