"""What keys ask for."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from feedrec.cli.replaying.player.orders import HELP, ORDERS, Order, doubled, enqueue, halved

elsewhere = st.one_of(
    st.builds(Order, st.just("skip"), st.integers(-60, 60)),
    st.builds(Order, st.just("step"), st.integers(1, 3)),
    st.builds(Order, st.just("jump"), st.integers(0, 9)),
)


def test_the_arrows_go_as_far_as_in_a_player_of_films() -> None:
    """Those of mpv."""
    assert [ORDERS[key].amount for key in ("left", "right", "down", "up")] == [-5, 5, -60, 60]


def test_each_digit_is_a_tenth_of_the_duration() -> None:
    assert [ORDERS[str(digit)] for digit in range(10)] == [Order("jump", digit) for digit in range(10)]


def test_the_help_has_every_order() -> None:
    """Each key is named there, but for + as it is without Shift, and the digits between."""
    named = " ".join(keys for keys, _ in HELP).replace(",", "").split()
    left_out = {"=", *"12345678"}
    assert {key.replace(" ", "space") for key in ORDERS} - left_out == set(named) - {"or", "to"}


@given(st.lists(elsewhere))
def test_what_waits_is_joined_and_ends_at_the_same_place(orders: list[Order]) -> None:
    """As if each were carried out by itself: a place is a number here, and a step leads a little further."""

    def place(carried_out: list[Order]) -> tuple[int, int]:
        start = seconds = frames = 0
        for kind, amount in carried_out:
            if kind == "jump":
                start, seconds, frames = amount, 0, 0
            elif kind == "skip":
                seconds += amount
            else:
                frames += amount
        return start * 1000 + seconds, frames

    waiting: list[Order] = []
    for order in orders:
        waiting = enqueue(waiting, order)
    assert place(waiting) == place(orders)
    assert all(before.kind != after.kind for before, after in itertools.pairwise(waiting))


@given(st.floats(1 / 1024, 1024))
def test_half_of_twice_a_speed_is_that_speed(speed: float) -> None:
    assert halved(doubled(speed)) == speed if speed < 1024 else math.isinf(doubled(speed))


def test_twice_the_fastest_speed_is_as_fast_as_clients_read_and_back() -> None:
    assert doubled(1024.0) == math.inf
    assert doubled(math.inf) == math.inf
    assert halved(math.inf) == 1024


@given(st.floats(1e-9, 1e9))
def test_no_key_makes_time_stand(speed: float) -> None:
    """It gets no slower than 1/1,024, and a replay that began slower stays as it is."""
    assert min(speed, 1 / 1024) <= halved(speed) <= max(speed, 1 / 1024)
