"""What a test may write, as recordings and options of a replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ..errors import UsageError
from ..formats.places.url_path import place_of
from ..formats.several.folder import find_recordings
from ..formats.several.inputs import refuse_doubles
from ..model import parse_duration
from ..replay import ReplayOptions
from ..replay.timeline.timeline import inspect_recordings
from ..spelling import did_you_mean
from ..times import parse_moment, parse_speed

__all__ = ["as_count", "as_recordings", "as_replay_options", "as_seconds", "as_speed", "as_time"]

_DURATIONS = ("match_timeout", "settle", "write_deadline")
_TEXTS = ("allow_hosts", "faults", "start_after")


def as_recordings(paths: Sequence[Path | str]) -> list[Path]:
    """
    Return the files that were given, and in place of a folder those in it.

    Raises:
        UsageError: If there are none, or one is given twice.
        RecordingError: If one is missing, or cannot be read.

    """
    if not paths:
        raise UsageError("there is nothing to replay: name a recording, as FeedReplay('btc.jsonl.zst')")
    wrong = [path for path in paths if not isinstance(path, str | Path)]
    if wrong:
        raise UsageError(f"a recording is the name of a file or folder, not {wrong[0]!r}")
    files = find_recordings([place_of(path) for path in paths])
    refuse_doubles(inspect_recordings(files))
    return files


def as_replay_options(recording: Path, options: Mapping[str, Any]) -> ReplayOptions:
    """
    Read options as a test gives them: `ReplayOptions` and its fields, where texts will do for times and durations.

    Args:
        recording: The first recording, from the start of which offsets count.
        options: Values by the name of the field.

    Raises:
        UsageError: If there is no such option, or a value is none of it.
        RecordingError: If the recording cannot be read.

    """
    given = {"port": 0, **options}
    for name in given:
        if name not in ReplayOptions.__struct_fields__:
            known = ReplayOptions.__struct_fields__
            raise UsageError(f"a replay has no option {name!r}{did_you_mean(name, known)} (it has {', '.join(known)})")
    return ReplayOptions(**{name: _value_of(recording, name, value) for name, value in given.items()})


def as_count(what: str, value: object, *, least: int) -> int:
    """
    Read a number of things.

    Args:
        what: What it is, for errors.
        value: The number.
        least: How many there must be.

    Raises:
        UsageError: If it is none.

    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"{what} is a whole number, {least} or more, not {value!r}")
    return value


def as_seconds(what: str, value: float | str) -> float:
    """
    Read a duration: seconds, or a text such as `500ms`.

    Raises:
        UsageError: If it is neither.

    """
    seconds = parse_duration(value) if isinstance(value, str) else value
    if seconds is None or isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        raise UsageError(f"{what} is seconds, or a text such as '500ms' or '10s', not {value!r}")
    return float(seconds)


def as_time(recording: Path, what: str, value: int | str, *, is_end: bool = False) -> int:
    """
    Read a recorded time: nanoseconds since 1970, or a text such as `+30s` or RFC 3339.

    Args:
        recording: The recording from the start of which an offset counts.
        what: What it is, for errors.
        value: The time.
        is_end: Whether it is the end of something: a time of day is the next one then.

    Raises:
        UsageError: If it is none.
        RecordingError: If the recording cannot be read.

    """
    moment = parse_moment(value) if isinstance(value, str) else None
    if moment is not None:
        (file,) = inspect_recordings([recording])
        return moment.within(file.header.created, is_end=is_end)
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{what} is a time such as '2026-11-21T17:00:00Z' or '+30s', not {value!r}")
    return value


def as_speed(value: float | str) -> float:
    """
    Read a speed: a factor as a number or a text, or `max`.

    Raises:
        UsageError: If it is none.

    """
    speed = parse_speed(value) if isinstance(value, str) else value
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not speed > 0:
        raise UsageError(f"the speed is a positive number such as 10 or 0.5, or 'max', not {value!r}")
    return float(speed)


_READERS: dict[str, Callable[[Any], Any]] = {
    "speed": as_speed,
    "wait_for": partial(as_count, "wait_for", least=1),
    **{name: partial(as_seconds, name) for name in _DURATIONS},
}


def _value_of(recording: Path, name: str, value: Any) -> Any:
    if name in _READERS:
        return _READERS[name](value)
    if name in ("start", "end") and value is not None:
        return as_time(recording, name, value, is_end=name == "end")
    if name in _TEXTS:
        return (value,) if isinstance(value, str) else tuple(value)
    if name == "settings":
        return {setting: _as_text(one) for setting, one in value.items()}
    choices = _choices_of(name)
    if choices and value not in choices:
        raise UsageError(f"{name} is one of {', '.join(map(repr, choices))}, not {value!r}")
    return value


def _as_text(value: object) -> str:
    """Return the value of a setting as it is written on the command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _choices_of(name: str) -> tuple[object, ...]:
    """Return the values that an option can have, if they can be counted."""
    kind = get_type_hints(ReplayOptions)[name]
    if get_origin(kind) is Literal:
        return get_args(kind)
    parts = get_args(kind)
    if not any(get_origin(part) is Literal for part in parts):
        return ()
    return tuple(choice for part in parts for choice in (get_args(part) or (None,)))
