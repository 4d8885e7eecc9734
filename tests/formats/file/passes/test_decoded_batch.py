"""Choosing among many lines at once gives what choosing them one by one gives."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import example, given
from hypothesis import strategies as st

from feedrec.errors import DamagedRecordingError, RecordingError
from feedrec.formats import open_recording
from feedrec.formats.file.line_reader import RecordingReader
from feedrec.formats.line import fast_path
from feedrec.formats.line.columns import stretches
from feedrec.formats.line.selection import Selection
from feedrec.model import DescribeAll, Record

from ...tools import odd_recordings
from ...tools.odd_recordings import START, describe, describe_all
from ...tools.test_convert_at_once import ORDINARY, SELECTIONS
from ...tools.test_verify_more import one_by_one


def chosen(
    path: Path, selection: Selection, how: Callable[..., Any], all_at_once: DescribeAll | None
) -> tuple[list[bytes], list[Record], str]:
    """Return the lines, the records, and the error that follows them."""
    lines: list[bytes] = []
    records: list[Record] = []
    with (
        open_recording(path) as recording,
        mock.patch.object(fast_path, "stretches", how),
    ):
        try:
            for batch in recording.selected_batches(selection, describe, all_at_once):
                lines += batch.lines
                records += batch.records()
        except DamagedRecordingError as error:
            return lines, records, str(error)
    return lines, records, ""


RUN = [b'{"time":"2026-11-21T17:00:00.%09dZ","conn":0,"dir":"in","frame":{"s":1,"c":"a"}}' % n for n in range(12)]
EVENT = b'{"time":"2026-11-21T17:00:00.000000005Z","conn":0,"event":"note"}'
AN_EVENT_AMID_FRAMES = odd_recordings.pack([*RUN[:6], EVENT, *RUN[6:], EVENT.replace(b"05Z", b"20Z")], 1 << 20)
WITH_KEYS_TWICE = odd_recordings.pack(
    [
        line
        for text in odd_recordings.KEYS_TWICE.values()
        for line in [*RUN[:4], text.replace(b"%b", b"2026-11-21T17:00:00.000000004Z"), EVENT]
    ],
    1 << 20,
)
AFTER_A_TIME_GIVEN_LAST = Selection(channels="a", start=START + 3, keeps_events=True)


@given(odd_recordings.recordings, st.sampled_from(SELECTIONS), st.sampled_from([None, describe_all]))
@example(ORDINARY, SELECTIONS[1], describe_all)
@example(AN_EVENT_AMID_FRAMES, Selection(channels="a", keeps_events=True), describe_all)
@example(WITH_KEYS_TWICE, AFTER_A_TIME_GIVEN_LAST, describe_all)
@example(WITH_KEYS_TWICE, AFTER_A_TIME_GIVEN_LAST, None)
def test_whatever_is_odd_or_damaged(content: bytes, selection: Selection, all_at_once: DescribeAll | None) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(RecordingReader, "_is_by_feedrec", new=False),  # an index proves nothing here
    ):
        path = Path(folder) / "a.jsonl.zst"
        path.write_bytes(content)
        try:
            open_recording(path).close()
        except RecordingError:  # not even a header is left
            return
        found = chosen(path, selection, stretches, all_at_once)
        assert found == chosen(path, selection, one_by_one, None)
        if not found[-1]:
            with open_recording(path) as recording:
                pairs = list(recording.lines_with_records(selection.start, selection.end))
            assert list(zip(*found[:2], strict=True)) == [
                (line, record) for line, record in pairs if selection.takes(record, describe)
            ]
