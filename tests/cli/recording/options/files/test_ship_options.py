"""What `--ship` implies where nothing else is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from feedrec.cli.recording.feed_options import FeedOptions
from feedrec.errors import UsageError
from feedrec.formats.file.rotation import RotateAfter
from feedrec.recorder.uploading.messages import ShipPlace

from ....record_options import usual_values

USUAL = RotateAfter(size=256_000_000)


def options(**values: Any) -> FeedOptions:
    return FeedOptions.take({**usual_values(), "ship": "s3://b/p/", **values})


@pytest.mark.parametrize(
    ("values", "output", "rotate"),
    [
        ({}, "./{endpoint}_{channel}_{time}.jsonl.zst", USUAL),
        ({"output": "new/"}, "new/{endpoint}_{channel}_{time}.jsonl.zst", USUAL),
        ({"output": "new/", "kind": "parquet"}, "new/{endpoint}_{channel}_{time}.parquet", USUAL),
        ({"output": "x.jsonl"}, "x.jsonl", USUAL),
        ({"output": "x.jsonl", "rotate": RotateAfter(size=5)}, "x.jsonl", RotateAfter(size=5)),
        ({"output": "{date}/"}, "{date}/", USUAL),
        ({"output": "{date}/{channel}.jsonl"}, "{date}/{channel}.jsonl", None),
        ({"output": "{channel}.jsonl"}, "{channel}.jsonl", None),
        ({"output": "{channel}-{time}.jsonl"}, "{channel}-{time}.jsonl", USUAL),
    ],
)
def test_files_of_a_folder_are_named_by_time_and_are_not_too_large(
    values: dict[str, Any], output: str, rotate: RotateAfter | None
) -> None:
    """Where names have no time, a new file would have the name of the one before."""
    place = options(**values).place
    assert (place.output, place.rotate) == (output, rotate)


def test_a_folder_that_is_there_needs_no_slash(tmp_path: Path) -> None:
    assert options(output=str(tmp_path)).place.output == f"{tmp_path}/{{endpoint}}_{{channel}}_{{time}}.jsonl.zst"


def test_without_it_nothing_changes() -> None:
    place = options(ship=None).place
    assert (place.output, place.rotate) == (None, None)


def test_a_wrong_template_is_refused_as_without_it() -> None:
    with pytest.raises(UsageError, match="stands for nothing"):
        options(output="{chan}.jsonl")


def test_what_the_process_is_told() -> None:
    taken = options(ship_at_once=7, ship_encryption="aws:kms", ship_kms_key="k", ship_acl="private").ship
    assert taken.place == ShipPlace("s3://b/p/", 7, ("aws:kms", "k", "private"))  # type: ignore[arg-type]
    assert options(ship=None).ship.place is None


@pytest.mark.parametrize(("seconds", "said"), [(None, ""), (0.0, ", and removed here"), (86400.0, " after 1d 00h")])
def test_what_a_plan_says(seconds: float | None, said: str) -> None:
    assert options(ship_keep=seconds).ship.said.startswith("to s3://b/p/")
    assert options(ship_keep=seconds).ship.said.endswith(said)
