"""The book that rows make up."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from feedrec.export.hftbacktest.levels import last_levels
from feedrec.export.hftbacktest.rows import ASK, BID, CLEAR, DEPTH, NARROW, SNAPSHOT, TRADE

from .drawn_rows import in_blocks

_CHANGES = st.lists(
    st.tuples(
        st.sampled_from([DEPTH, DEPTH, DEPTH, TRADE, CLEAR]),
        st.sampled_from([BID, ASK]),
        st.integers(1, 5),
        st.integers(0, 3),
    ),
    max_size=40,
)


@given(_CHANGES, st.integers(1, 10))
def test_it_is_the_book_that_a_dict_has(changes: list[tuple[int, int, int, int]], size: int) -> None:
    """A trade changes nothing, and what is cleared is gone, on both sides."""
    rows, book = [], dict[tuple[int, float], float]()
    for kind, side, price, quantity in changes:
        if kind == CLEAR:
            rows += [(CLEAR | BID, 0, 0, np.nan, 0.0), (CLEAR | ASK, 0, 0, np.nan, 0.0)]
            book.clear()
            continue
        rows.append((kind | side, 0, 0, float(price), float(quantity)))
        if kind == DEPTH:
            book[side, float(price)] = float(quantity)
    found = last_levels(in_blocks(np.array(rows, NARROW), size))
    levels = [(side, price, quantity) for (side, price), quantity in book.items() if quantity]
    bids = sorted((level for level in levels if level[0] == BID), reverse=True)
    asks = sorted(level for level in levels if level[0] == ASK)
    assert found["ev"].tolist() == [SNAPSHOT | side for side, _, _ in bids + asks]
    assert list(zip(found["px"].tolist(), found["qty"].tolist(), strict=True)) == [level[1:] for level in bids + asks]
