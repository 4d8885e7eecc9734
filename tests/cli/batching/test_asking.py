"""What is asked of a batch: options of the kind of work alone, as plain JSON."""

from __future__ import annotations

from typing import Any

import click
import pytest

from feedrec.batch.kind_of import KINDS as DONE
from feedrec.batch.kind_of import kind_of
from feedrec.cli.batching.asking import KINDS, task_options
from feedrec.cli.commands.folders.batch import batch
from feedrec.errors import UsageError

NOTHING: dict[str, Any] = {
    option.name: () if option.multiple else False if option.is_flag else None
    for option in batch.params
    if isinstance(option, click.Option) and option.name is not None
}


@pytest.mark.parametrize(
    ("kind", "given", "asked"),
    [
        ("convert", {}, {"format": "jsonl.zst"}),
        ("convert", {"to": "parquet", "level": 3, "by": "hour"}, {"format": "parquet", "level": 3}),
        ("convert", {"products": (("B", "A"), ("C",))}, {"format": "jsonl.zst", "products": ["A", "B", "C"]}),
        ("verify", {}, {}),
        ("info", {"full": True}, {"full": True}),
        ("export", {"to": "har", "channels": ("a", "b")}, {"to": "har", "channels": ["a", "b"]}),
        ("export", {"to": "tardis-csv", "tables": ("trades",)}, {"to": "tardis-csv", "tables": ["trades"]}),
    ],
)
def test_a_task_has_the_options_of_its_kind(kind: str, given: dict[str, Any], asked: dict[str, Any]) -> None:
    """And the work takes them."""
    assert task_options(kind, NOTHING | given) == asked
    assert kind_of(kind).check(asked).items() >= asked.items()
    assert list(KINDS) == list(DONE)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("verify", {"to": "parquet"}, "--to is for batch convert and export: leave it out with batch verify"),
        ("info", {"channels": ("a",)}, "--channel is for batch convert and export"),
        ("convert", {"tables": ("trades",)}, "--table is for batch export"),
        ("export", {"to": "har", "trim_book": 5}, "--trim-book is for batch convert"),
        ("export", {}, "batch export needs --to: hftbacktest, tardis-csv"),
        ("export", {"to": "parquet"}, "batch export has no --to parquet: choose one of hftbacktest"),
        ("convert", {"to": "csv"}, "batch convert has no --to csv: choose one of jsonl.zst"),
        ("export", {"to": "har", "fix_latency": True}, "--fix-latency is for --to hftbacktest"),
    ],
)
def test_what_cannot_be_asked_is_said(kind: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=f"^{said}"):
        task_options(kind, NOTHING | given)
