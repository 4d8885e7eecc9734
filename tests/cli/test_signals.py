"""Signals that end a program, taken between the steps of its work."""

from __future__ import annotations

import signal

import pytest

from feedrec.cli.signals import ending_between_steps

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
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_between_steps() as end_if_noted:
            signal.raise_signal(signal.SIGHUP)
            end_if_noted()
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGHUP, before)
