"""The file before one is found by its name, whatever template it came from."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.file.naming.earlier_paths import earlier_paths
from feedrec.formats.file.naming.template import parse_template
from feedrec.formats.file.naming.template_names import TemplateNames
from feedrec.model import NANOSECONDS

VALUES = {"endpoint": "raw", "channel": "level2", "product": "BTC-USD"}
OTHERS = ["ticker.jsonl.zst", "level2-20261126T130000Z.jsonl.zst.part", "20261126T13.jsonl", "2026"]
TEMPLATES = [
    "{date}/{hour}/{channel}.jsonl.zst",
    "{channel}-{time}.jsonl.zst",
    "{date}.jsonl.zst",
    "{date}/{time}/x.jsonl.zst",
]


@given(st.sampled_from(TEMPLATES), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 11)), unique=True, max_size=9))
def test_those_before_come_in_reverse(text: str, places: list[tuple[int, int]]) -> None:
    """And nothing else that is there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        names = TemplateNames(parse_template(f"{folder}/{text}", ""), VALUES)
        paths = {}
        for days, count in places:
            second = 1_795_698_000 + days * 90_001
            *_, path = (path for path, _ in zip(names.names(2, second * NANOSECONDS), range(count), strict=False))
            paths[names.place_of(path)] = path
        for path in paths.values():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            for other in OTHERS:
                (path.parent / other).touch()
        ordered = [paths[place] for place in sorted(paths)]  # type: ignore[type-var]
        for number, path in enumerate(ordered):
            assert list(earlier_paths(path)) == ordered[:number][::-1]


@pytest.mark.parametrize("path", ["x.jsonl.zst", "7/x.jsonl.zst"])
def test_there_may_be_none(path: str, tmp_path: Path) -> None:
    assert list(earlier_paths(tmp_path / "none" / path)) == []
