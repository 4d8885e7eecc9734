"""Where members of gzip begin."""

from __future__ import annotations

import gzip
import random

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.foreign.torn_members import HEADER, member_starts


@given(st.lists(st.binary(max_size=40), max_size=4), st.integers(0, 9))
def test_each_beginning_is_found(texts: list[bytes], level: int) -> None:
    members = [gzip.compress(text, level, mtime=0) for text in texts]
    starts = [sum(map(len, members[:number])) for number in range(len(members))]
    assert list(member_starts(b"".join(members))) == starts


def test_what_only_looks_like_one_is_none() -> None:
    """Bytes at random, and a header before what is no deflate."""
    header = gzip.compress(b"", mtime=0)[:HEADER]
    assert list(member_starts(random.Random(1).randbytes(1 << 20))) == []
    assert list(member_starts(header + b"\xff" * 100)) == []
    assert list(member_starts(header[:-1])) == []
