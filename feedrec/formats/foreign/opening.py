"""Opens a file that may be a recording or of another tool, whichever its beginning shows it to be."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ...errors import LineError, NotARecordingError, RecordingError, TruncatedRecordingError, UsageError
from ..file.opening import open_recording
from ..file.recording import Recording
from ..file.recording_file import RecordingFile
from ..line.other_tools import looks_like_har, looks_like_pcap, looks_like_pcapng
from .capture.capture_source import CaptureSource
from .foreign_recording import ForeignRecording
from .har.har_source import HarSource
from .json_fields import fields_of
from .line_source import LineReader, lines_read_by
from .source import Importing, MakeSource, Secrecy
from .timed_lines import HftbacktestLines, TabLines, TardisLines, reader_of
from .unpacked_file import beginning_of

__all__ = ["FORMS", "open_any"]

_HEAD = 256
"""Bytes that tell what a file is, behind blank lines."""

_HINT = (
    "to read JSON lines of another tool, name the field with the time: --time-field NAME, and with --payload-field "
    "the one with the message if the line is not the message itself"
)
_HINT_OF_FORM = "lines of another tool of which the first does not show what they are need --input-format"


def _lines(make_reader: Callable[[], LineReader]) -> MakeSource:
    def make(_secrecy: Secrecy) -> LineReader:
        return make_reader()

    return lines_read_by(make)


FORMS: dict[str, MakeSource] = {
    "tardis": _lines(TardisLines),
    "hftbacktest": _lines(HftbacktestLines),
    "tab": _lines(TabLines),
    "pcap": CaptureSource,
    "har": HarSource,
}
"""The forms that need no further option, by their names; all of them are recognised."""


def open_any(
    path: Path, importing: Importing, make_source: MakeSource | None = None, endpoint: str | None = None
) -> Recording:
    """
    Open a recording, or a file of another tool.

    Args:
        path: The file.
        importing: How a file of another tool is read; a damaged recording raises its damage, whatever this says.
        make_source: Makes what gives the records of such a file; None for a recording, or to detect what it is.
        endpoint: Name of the endpoint that a file of another tool came from; None for the one that it names, or `raw`.
            A recording names its own.

    Raises:
        UsageError: If an endpoint is passed for a recording.
        RecordingError: As for `open_recording` and `ForeignRecording`.

    """
    as_foreign = partial(_open_foreign, path, endpoint, importing)
    if make_source is not None:
        return as_foreign(make_source)
    head = _beginning(path)
    if (found := _form_of(head)) is not None:
        return as_foreign(found)
    try:
        recording = open_recording(path)
    except (NotARecordingError, TruncatedRecordingError) as error:
        if _is_json_of_another_tool(head):
            raise NotARecordingError(path, f"is no recording; {_HINT}") from error
        if _is_other_text(head):
            raise NotARecordingError(path, f"{error.reason}; {_HINT_OF_FORM}") from error
        raise
    if endpoint is not None:
        recording.close()
        raise UsageError(f"{path} is a recording, which names its own endpoint: omit --endpoint")
    return recording


def _open_foreign(path: Path, endpoint: str | None, importing: Importing, make_source: MakeSource) -> Recording:
    return ForeignRecording(RecordingFile(path), make_source, endpoint, importing)


def _form_of(head: bytes) -> MakeSource | None:
    """Return what reads a file that begins like this, as far as that tells."""
    if looks_like_pcap(head) or looks_like_pcapng(head):
        return CaptureSource
    if looks_like_har(head):
        return HarSource
    make_reader = reader_of(head)
    return None if make_reader is None else _lines(make_reader)


def _is_json_of_another_tool(head: bytes) -> bool:
    """Return whether a file begins with an object that is of no recording, be it one whose header is lost."""
    try:
        keys = fields_of(head.partition(b"\n")[0]).keys()
    except LineError:
        return False
    return "feedrec" not in keys and not keys >= {"time", "conn"}


def _is_other_text(head: bytes) -> bool:
    """Return whether a file begins with a line of text that is no JSON object, whole or not."""
    line = head.partition(b"\n")[0]
    return line.isascii() and line.decode().replace("\t", " ").rstrip().isprintable() and line[:1] not in (b"", b"{")


def _beginning(path: Path) -> bytes:
    """Return how a file begins, blank lines apart; nothing if there is no such file, or it cannot be read."""
    try:
        file = RecordingFile(path)
    except RecordingError:
        return b""
    try:
        head = beginning_of(file, _HEAD)
    except RecordingError:
        return b""
    finally:
        file.close()
    return head if looks_like_pcapng(head) else head.lstrip()  # which begins with a line feed
