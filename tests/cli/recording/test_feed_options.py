"""The options of a feed, and those of the process."""

from __future__ import annotations

import msgspec
import pytest

from feedrec.cli.recording.feed_options import FEED_OPTIONS, FeedOptions, ProcessOptions
from feedrec.errors import UsageError
from feedrec.recorder import Limits

from ..record_options import usual_values

VALUES = usual_values()


def test_every_option_is_of_the_feed_or_of_the_process() -> None:
    """Each is a field of exactly one part; what both lack could not be given to a run."""
    options, process = FeedOptions.take(VALUES), ProcessOptions.take(VALUES)
    parts = [getattr(options, name) for name in options.__struct_fields__]
    fields = [name for part in (*parts, process, process.serving) for name in part.__struct_fields__]
    assert sorted(fields) == sorted(set(fields))
    assert set(VALUES) <= set(fields)
    assert FEED_OPTIONS.isdisjoint(ProcessOptions.__struct_fields__)


def test_the_values_of_parameters_are_in_their_part() -> None:
    options = FeedOptions.take({**VALUES, "duration": 5.0, "strict": True, "endpoint": "raw"})
    assert options.limits == Limits(5.0)
    assert (options.loss.strict, options.loss.fail_on_gap, options.source.endpoint) == (True, False, "raw")
    assert options == FeedOptions.take({**VALUES, "duration": 5.0, "strict": True, "endpoint": "raw"})
    assert options != FeedOptions.take(VALUES)


def test_stdout_is_for_one_of_them() -> None:
    options = FeedOptions.take({**VALUES, "output": "-"})
    ProcessOptions().refuse_for(options)
    with pytest.raises(UsageError, match="both write to stdout"):
        msgspec.structs.replace(ProcessOptions(), as_json=True).refuse_for(options)
