"""How far the reading of several files has come."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

import pytest

from feedrec.cli.converting.inputs import progress
from feedrec.cli.logs import set_up_logging
from feedrec.formats import create_recording, open_recording
from feedrec.formats.several.inputs import Input, inspect_recording
from feedrec.model import Header

from ..live.test_live_line import Screen


def shown(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Return a terminal that takes the place of stderr."""
    screen = Screen(80)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", screen)
    set_up_logging(logging.INFO)
    return screen


@pytest.fixture
def inputs(tmp_path: Path) -> list[Input]:
    paths = [create_recording(tmp_path / name, Header("raw")).finish() for name in ("a.jsonl", "b.jsonl")]
    return [inspect_recording(partial(open_recording, path)) for path in paths]


@pytest.mark.parametrize(("passes", "percents"), [(1, 50), (2, 25)])
def test_it_is_of_all_files_and_passes(
    monkeypatch: pytest.MonkeyPatch, inputs: list[Input], passes: int, percents: int
) -> None:
    screen = shown(monkeypatch)
    with progress(inputs, passes) as on_read:
        on_read(1, inputs[1].size)
        (row,) = screen.rows()
    assert row == f"converting {percents}% | {inputs[1].size} B of {passes * 2 * inputs[0].size} B"


def test_it_is_never_beyond_the_end(monkeypatch: pytest.MonkeyPatch, inputs: list[Input]) -> None:
    """Though the beginning and the end of a file may be read twice."""
    screen = shown(monkeypatch)
    total = 2 * inputs[0].size
    with progress(inputs, what="exporting") as on_read:
        on_read(0, total + 300)
        assert screen.rows() == [f"exporting 100% | {total} B of {total} B"]
