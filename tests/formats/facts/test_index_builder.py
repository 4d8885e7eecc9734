"""Frames described column by column are indexed and summed up as a list of the same descriptions is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.sequence import ConnectionSequence
from feedrec.formats.facts.index_builder import IndexBuilder
from feedrec.formats.line.codec import encode_header
from feedrec.formats.line.frame_run import run_of
from feedrec.model import FrameInfo, FrameInfos, Header

KINDS = [
    FrameInfo("level2", ("A",), None, "update", parses=True),
    FrameInfo("level2", ("B",), None, "snapshot", parses=True),
    FrameInfo("level2", ("A", "B"), None, "snapshot", parses=True),
    FrameInfo("ticker", (), None, "update", parses=True),
    FrameInfo("odd", (), None, "other", parses=False),
]
PAYLOADS = [b'{"a":1}', b'{"b":"22"}', b'[1,2,{"c":3}]', b"no JSON"]

Columns = list[tuple[int, int | None, bytes]]
columns = st.lists(
    st.tuples(st.integers(0, len(KINDS) - 1), st.none() | st.integers(0, 9), st.sampled_from(PAYLOADS)), min_size=1
)
in_order = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(PAYLOADS[:3])), min_size=1).map(
    lambda some: [(kind, number, payload) for number, (kind, payload) in enumerate(some)]
)


def built(runs: list[Columns], kinds: list[FrameInfo], *, together: bool) -> bytes:
    builder = IndexBuilder()
    builder.begin(
        encode_header(Header("x", "wss://x", 0)), lambda from_start: ConnectionSequence(0 if from_start else None)
    )
    for number, run in enumerate(runs):
        infos = FrameInfos(kinds, [kind for kind, _, _ in run], [sequence for _, sequence, _ in run])
        payloads = [payload for _, _, payload in run]
        found = run_of(0, [(number, payloads)], infos if together else list(infos))
        if found is None:
            builder.add([b"{}"], [(number, 0, infos[0], 2, True)])
        else:
            builder.add_run(found)
    builder.end_block(100, 100, 0)
    return builder.finish()


@given(st.lists(columns | in_order, max_size=4))
def test_the_index_and_the_summary_are_the_same(runs: list[Columns]) -> None:
    assert built(runs, KINDS, together=True) == built(runs, KINDS, together=False)


@given(columns, columns)
def test_what_no_frame_is_changes_nothing(run: Columns, other: Columns) -> None:
    """As after a cut, from which each part keeps what there was among all."""
    assert built([run, other], [*KINDS, FrameInfo("none", ("X",), None, "snapshot")], together=True) == built(
        [run, other], KINDS, together=True
    )
