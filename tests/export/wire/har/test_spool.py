"""What was kept by a key comes back in its order, whether it was in memory or not."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.export.wire.har.spool import Spool


@given(st.lists(st.tuples(st.integers(0, 4), st.binary(min_size=1, max_size=20))), st.integers(0, 100))
def test_what_was_kept_comes_back_by_its_key(appended: list[tuple[int, bytes]], most_in_memory: int) -> None:
    spool = Spool(None, most_in_memory)
    expected: defaultdict[int, bytes] = defaultdict(bytes)
    for key, data in appended:
        spool.append(key, data)
        expected[key] += data
    for key in range(5):
        assert b"".join(spool.pieces(key)) == expected[key]
        assert list(spool.pieces(key)) == []
    spool.close()


def test_a_file_has_no_name_while_it_is_used(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10)
    spool.append(1, b"x" * 100)
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_little_needs_no_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "is not there", 10)
    spool.append(1, b"x" * 10)
    with pytest.raises(FileNotFoundError):
        spool.append(1, b"x")
    spool.close()
