"""How much is kept: by age, by size, or by both."""

from __future__ import annotations

import click
import pytest

from feedrec.cli.recording.options.files.keep_options import joined_keeps, keep_option
from feedrec.cli.recording.options.files.output_options import OutputOptions
from feedrec.errors import UsageError
from feedrec.formats.file.rotation import RotateAfter
from feedrec.model import NANOSECONDS
from feedrec.recorder.keeping.keep_rule import Keep

DAY = 86_400 * NANOSECONDS


def keep_of(*texts: str) -> Keep | None:
    def joined(keep: tuple[Keep, ...]) -> Keep | None:
        return joined_keeps(keep)

    command = click.command()(keep_option(joined))
    found: Keep | None = command.main([f"--keep={text}" for text in texts], standalone_mode=False)
    return found


def place(output: str | None, rotate: RotateAfter | None = None) -> OutputOptions:
    return OutputOptions(output, None, rotate, None, None, overwrite=False, disk_patience=1, keep=(Keep(size=9),))


@pytest.mark.parametrize(
    ("texts", "keep"),
    [
        ([], None),
        (["7d"], Keep(7 * DAY)),
        (["50GB"], Keep(size=50_000_000_000)),
        (["1d12h", "1MiB", "2MiB", "7d"], Keep(DAY * 3 // 2, 1 << 20)),
    ],
)
def test_what_is_kept(texts: list[str], keep: Keep | None) -> None:
    assert keep_of(*texts) == keep


@pytest.mark.parametrize("text", ["7", "7.5", "0d", "x", "", "7 days"])
def test_a_number_alone_says_nothing(text: str) -> None:
    """`7` might remove all that is older than seven seconds."""
    with pytest.raises(click.BadParameter, match="neither a duration such as 7d nor a size"):
        keep_of(text)


@pytest.mark.parametrize(
    ("output", "rotate"),
    [
        ("x.jsonl", None),
        (None, None),
        ("-", None),
        ("x/", RotateAfter(1)),
        ("{channel}.jsonl", None),
        (".", RotateAfter(1)),
    ],
)
def test_only_files_that_each_start_names_alike_can_be_kept(output: str | None, rotate: RotateAfter | None) -> None:
    with pytest.raises(UsageError, match="--keep is for files that each start names alike"):
        place(output, rotate)


def test_names_of_many_files_can() -> None:
    assert [place("x.jsonl", RotateAfter(1)).kept, place("{date}.jsonl").kept] == [Keep(size=9)] * 2
