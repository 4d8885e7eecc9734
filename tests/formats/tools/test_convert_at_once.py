"""Converting many lines at once writes what converting them one by one writes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedrec.errors import FeedrecError
from feedrec.formats import open_recording
from feedrec.formats.file.rotation import RotateAfter, RotatingWriter
from feedrec.formats.line.columns import stretches
from feedrec.formats.line.selection import Selection
from feedrec.formats.several.inputs import inspect_recording
from feedrec.formats.tools import input_lines
from feedrec.formats.tools.convert import convert
from feedrec.model import NANOSECONDS, Describe, DescribeAll

from . import odd_recordings
from .odd_recordings import RULES, describe, describe_all


def one_by_one(lines: Sequence[bytes], _describe: Describe, **_further: DescribeAll) -> Iterator[tuple[int, int, None]]:
    yield 0, len(lines), None


def written(
    path: Path,
    target: Path,
    how: Callable[..., Any],
    split: RotateAfter | None,
    selection: Selection = Selection(),  # noqa: B008  immutable
) -> list[object]:
    """Return what is told, and what is in the files."""
    target.parent.mkdir()
    with mock.patch.object(input_lines, "stretches", how):
        try:
            rule = RULES.sequence_rule
            result = convert(
                [inspect_recording(partial(open_recording, path))],
                target,
                selection=selection,
                describe=describe,
                describe_all=describe_all,
                make_rule=rule,
                split=split,
            )
            told: object = msgspec.structs.replace(result, paths=[])
        except FeedrecError as error:
            told = str(error).replace(str(target), "")
    return [told, *((file.name, file.read_bytes()) for file in sorted(target.parent.iterdir()))]


SPLITS = [None, None, RotateAfter(nanoseconds=2 * NANOSECONDS), RotateAfter(size=500)]
_START, _LATER = odd_recordings.START + NANOSECONDS // 2, odd_recordings.START + 3 * NANOSECONDS
SELECTIONS = [
    Selection(),
    Selection(channels="a"),
    Selection(channels="b", keeps_events=True),
    Selection(channels="ab", products=["B"], keeps_events=True),
    Selection(products=["A"], connections=[0, 10]),
    Selection(connections=[1], keeps_events=True),
    Selection(direction="in", start=_START),
    Selection(direction="out", channels="a", keeps_events=True),
    Selection(channels="a", start=_START, end=_LATER, keeps_events=True),
]
IMPOSSIBLE_DAY = b'{"time":"2026-02-30T17:00:00.000000000Z","conn":0,"dir":"in","frame":{"s":1,"c":"a"}}'
ORDINARY = odd_recordings.pack(
    [b'{"time":"2026-11-21T17:00:0%d.000000000Z","conn":0,"dir":"in","frame":{"s":%d,"c":"%b","p":["A"]}}'
     % (n // 9, n, b"ab"[n % 2 : n % 2 + 1]) for n in range(40)],
    500,
)  # fmt: skip


@given(
    odd_recordings.recordings,
    st.sampled_from([".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet"]),
    st.sampled_from(SPLITS),
    st.sampled_from(SELECTIONS),
)
@example(ORDINARY, ".parquet", None, SELECTIONS[0])
@example(ORDINARY, ".jsonl.zst", SPLITS[-1], SELECTIONS[0])
@example(ORDINARY, ".jsonl.zst", None, SELECTIONS[1])
@example(ORDINARY, ".jsonl.zst", None, SELECTIONS[-1])
@example(odd_recordings.pack([IMPOSSIBLE_DAY], 500), ".jsonl", None, SELECTIONS[0])
def test_whatever_is_odd_or_damaged(
    content: bytes, suffix: str, split: RotateAfter | None, selection: Selection
) -> None:
    """The same files, byte for byte, the same figures, and the same errors."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl.zst"
        path.write_bytes(content)
        at_once = written(path, Path(folder) / "at-once" / f"b{suffix}", stretches, split, selection)
        assert at_once == written(path, Path(folder) / "one-by-one" / f"b{suffix}", one_by_one, split, selection)


def test_ordinary_frames_are_written_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the test above would compare nothing."""
    sizes: list[int] = []
    monkeypatch.setattr(RotatingWriter, "take_run", lambda _self, run: sizes.append(len(run.times)))
    (tmp_path / "a.jsonl.zst").write_bytes(ORDINARY)
    written(tmp_path / "a.jsonl.zst", tmp_path / "b" / "b.jsonl", stretches, None)
    assert sum(sizes) > 30
