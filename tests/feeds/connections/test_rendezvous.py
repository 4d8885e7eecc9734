"""Where something belongs of several places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.connections.rendezvous import best_place, best_places

places = st.lists(st.integers(0, 50), unique=True, min_size=1, max_size=12)


@given(st.text(), places, st.integers(1, 12))
def test_the_best_place_is_the_first_of_the_best_in_whatever_order_they_are(
    name: str, where: list[int], count: int
) -> None:
    found = best_places(name, where, count)
    assert found[0] == best_place(name, where) == best_place(name, where[::-1])
    assert found == best_places(name, where[::-1], count)
    assert len(set(found)) == len(found) == min(count, len(where))


@given(st.text(), places, st.integers(60, 99), st.integers(1, 4))
def test_one_place_more_takes_the_place_of_one_at_most(name: str, where: list[int], new: int, count: int) -> None:
    before, after = best_places(name, where, count), best_places(name, [*where, new], count)
    assert [place for place in after if place != new] == before[: len(after) - (new in after)]


def test_where_a_name_belongs_is_the_same_for_ever() -> None:
    """Machines of different versions of feedrec must agree, and a recorder that is updated shall go on as it did."""
    assert [best_place(name, range(5)) for name in ("BTC-USD", "ETH-USD", "SOL-USD", "é", "\udcff")] == [2, 2, 0, 3, 0]
