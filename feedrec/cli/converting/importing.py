"""How `feedrec convert` reads files of other tools: what its options mean, and what is said of what was lost."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import DamagedRecordingError, UsageError
from ..options import all_options

if TYPE_CHECKING:
    from ...feeds.redaction import Redaction
    from ...formats.foreign.source import Importing, MakeSource, Skipped
    from ...http_messages import HttpAnswer, HttpExchange, HttpRequest

__all__ = ["INPUT_OPTIONS", "Losses", "form_of", "importing_options", "importing_with"]

_JSONL = "jsonl"
_FORMATS = ("tardis", "hftbacktest", "tab", _JSONL, "pcap", "har")
_FIELDS = {"payload_field": "--payload-field", "direction_field": "--direction-field", "conn_field": "--conn-field"}

INPUT_OPTIONS = {
    "input_format": "--input-format",
    "time_field": "--time-field",
    **_FIELDS,
    "skip_bad": "--skip-bad",
    "endpoint": "--endpoint",
}
"""The options that are about files of other tools."""

importing_options = all_options(
    click.option("--input-format", type=click.Choice(_FORMATS), help="Read a file written by another tool."),
    click.option("--time-field", metavar="NAME", help="With jsonl: the field that holds the time, e.g. ts or data.ts."),
    click.option(
        "--payload-field",
        metavar="NAME",
        help="With jsonl: the field that holds the message: as a string, or as any other value, verbatim.  "
        "[default: the line is the message]",
    ),
    click.option(
        "--direction-field",
        metavar="NAME",
        help="With jsonl: the field that says in (recv, received, <) or out (send, sent, >), or connect or close.",
    ),
    click.option("--conn-field", metavar="NAME", help="With jsonl: the field that tells connections apart."),
    click.option("--skip-bad", is_flag=True, help="Pass over what cannot be read of a file of another tool; count it."),
    click.option(
        "--endpoint",
        metavar="NAME",
        help="The endpoint that a file of another tool came from.  [default: as its address, or raw]",
    ),
)

_WHICH_TIME = "the name of the field that holds the time"

log = logging.getLogger("feedrec")


class Losses:
    """
    What could not be read of files of other tools, whichever of them.

    Attributes:
        damage: By the file.
        skipped: By the file.

    """

    def __init__(self) -> None:
        self.damage: dict[Path, DamagedRecordingError] = {}
        self.skipped: dict[Path, Skipped] = {}

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self.damage or self.skipped)

    def note_damage(self, error: DamagedRecordingError) -> None:
        """Note how far a file could be read."""
        self.damage[error.path] = error

    def note_skipped(self, path: Path, skipped: Skipped) -> None:
        """Note what was passed over in a file."""
        self.skipped[path] = skipped

    def warn(self) -> None:
        """Say all of it."""
        for path, skipped in self.skipped.items():
            log.warning("%s: %s", path, skipped)
        for error in self.damage.values():
            log.warning("%s: only what comes before that was converted", error)

    def facts(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "damage": [str(error) for error in self.damage.values()],
            "skipped": {str(path): skipped.count for path, skipped in self.skipped.items()},
        }


def form_of(options: dict[str, Any]) -> MakeSource | None:
    """
    Return what the options name to read files of another tool with; None if they do not.

    Raises:
        UsageError: If they contradict each other.

    """
    from ...formats.foreign.json_lines import EnvelopeFields, JsonlLines
    from ...formats.foreign.line_source import lines_read_by
    from ...formats.foreign.opening import FORMS

    form, time_field = options["input_format"], options["time_field"]
    names = {name: options[name] for name in _FIELDS}
    given = [option for name, option in (("time_field", "--time-field"), *_FIELDS.items()) if options[name] is not None]
    if form not in (None, _JSONL) and given:
        raise UsageError(f"{given[0]} needs --input-format jsonl: a file of {form} has no fields to name")
    if time_field is None and (given or form == _JSONL):
        raise UsageError(f"{given[0] if given else '--input-format jsonl'} needs --time-field: {_WHICH_TIME}")
    for name, option in (("time_field", "--time-field"), *_FIELDS.items()):
        if options[name] is not None and not options[name].strip("."):
            raise UsageError(f"{option} is empty: give the name of a field")
    if time_field is None:
        return None if form is None else FORMS[form]
    fields = EnvelopeFields(time_field, *names.values())
    return lines_read_by(partial(JsonlLines, fields))


def importing_with(options: dict[str, Any], losses: Losses) -> Importing:
    """Return how files of other tools are read; what is lost of them is noted in `losses`."""
    from ...feeds.redaction import Redaction
    from ...formats.foreign.source import Importing

    secrecy = _Secrecy(Redaction())
    return Importing(secrecy, options["skip_bad"], losses.note_damage, losses.note_skipped, _endpoint_at)


def _endpoint_at(url: str) -> str | None:
    from ...feeds import feed_at

    feed = feed_at(url)
    return None if feed is None else feed.name


class _Secrecy:
    """What is secret in files of other tools, by the rules by which a recorder finds it."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction

    def message(self, payload: bytes) -> bytes:
        from ...recorder.sent_messages import as_recorded

        return as_recorded(payload, self._redaction)

    def address(self, url: str) -> str:
        return self._redaction.address(url)

    def exchange(
        self, request: HttpRequest, url: str, answer: HttpAnswer, started: int, time: int
    ) -> HttpExchange | None:
        from ...feeds.redaction import Address
        from ...recorder.rest.exchanges import recorded_exchange

        return recorded_exchange(request, Address(url, self._redaction), answer, started, time)
