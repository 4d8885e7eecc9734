"""The formats of `feedrec export`, and what writes each."""

from __future__ import annotations

import pytest

from feedrec.cli.exporting.targets import run_of
from feedrec.processing.exporting import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_each_format_has_something_that_writes_it(name: str) -> None:
    assert callable(run_of(name, dict.fromkeys(("tables", "fix_latency"))))
