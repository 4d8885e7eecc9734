"""
File names: every rule on what a recording, a part of one, a journal and a repaired file are called.

    NAME.jsonl.zst            a recording; also .jsonl, .jsonl.gz and .parquet
    NAME.jsonl.zst.part       the same while it is being written, or after its recorder was killed
    NAME.jsonl.zst.part.old   such a file, moved aside by a recorder with --overwrite (.old2 and so on)
    NAME.jsonl.zst.part.new   a further name of the first, for the moment in which it replaces a file (.new2 and so on)
    NAME-2.jsonl.zst          the file in which NAME.jsonl.zst goes on after a disk error; then NAME-3 and so on
    NAME-0001.jsonl.zst       the first file of a rotation; the number has at least four digits
    NAME.parquet.jsonl.zst    the journal from which NAME.parquet is made
    NAME.repaired.jsonl.zst   what `feedrec repair` makes from NAME.jsonl.zst
    NAME.repairing.jsonl.zst  the same while it is being written
    NAME.jsonl.zst.state      checkpoints of NAME.jsonl.zst, which go where it goes
    NAME.jsonl.zst.pending    something is still to be done after NAME.jsonl.zst, finished or not
    NAME.jsonl.zst.shipped    NAME.jsonl.zst was shipped to a place, and checked there
    NAME.jsonl.zst.carried    the state at the end of NAME.jsonl.zst, for the file that goes on from it
    NAME.untested.jsonl.zst   what a test records, until it has passed
    NAME.jsonl.zst.failed     what was recorded by a test that failed
    NAME.jsonl.zst.lock       a lock, while a test records

Wherever files are sorted by name, numbers are compared as numbers: x-9999 comes before x-10000.

Pure: no function here touches the file system.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

__all__ = [
    "GZIP_SUFFIX",
    "JOURNAL_SUFFIX",
    "PARQUET_SUFFIX",
    "PART_SUFFIX",
    "PENDING_SUFFIX",
    "PLAIN_SUFFIX",
    "RECORDING_SUFFIXES",
    "SHIPPED_SUFFIX",
    "STATE_SUFFIX",
    "WORK_MARK",
    "ZSTD_SUFFIX",
    "carried_path",
    "continuation_path",
    "counts_as_recording",
    "failed_path",
    "finished_path",
    "in_rotation_order",
    "is_journal",
    "is_part",
    "journal_path",
    "later_paths",
    "lock_path",
    "natural_key",
    "new_paths",
    "numbered_path",
    "old_paths",
    "original_path",
    "part_path",
    "pending_path",
    "previous_path",
    "recording_number",
    "repaired_path",
    "rotation_pattern",
    "shipped_path",
    "state_path",
    "stem_and_suffix",
    "table_path",
    "untested_path",
    "work_path",
]

PART_SUFFIX = ".part"
"""Suffix of a recording until it is finished."""

ZSTD_SUFFIX, PLAIN_SUFFIX, GZIP_SUFFIX, PARQUET_SUFFIX = ".jsonl.zst", ".jsonl", ".jsonl.gz", ".parquet"

RECORDING_SUFFIXES = (ZSTD_SUFFIX, PLAIN_SUFFIX, GZIP_SUFFIX, PARQUET_SUFFIX)
"""Suffixes of recordings; all but the last may be followed by `.part`."""

STATE_SUFFIX = ".state"
"""Suffix of the checkpoints of a recording, after its own."""

PENDING_SUFFIX = ".pending"
"""Suffix of the mark that something is still to be done after a recording, after the recording's own."""

SHIPPED_SUFFIX = ".shipped"
"""Suffix of the mark that a recording was shipped, after the recording's own."""

JOURNAL_SUFFIX = ".parquet.jsonl.zst"
"""Suffix of a journal, from which a Parquet file is made."""

WORK_MARK = ".repairing"
"""What stands before the suffix of a file that a repair is writing."""

_CARRIED_SUFFIX = ".carried"
_UNTESTED_MARK = ".untested"

_REPAIRABLE_SUFFIXES = (JOURNAL_SUFFIX, *RECORDING_SUFFIXES, ".zst")
_DIGITS = re.compile(r"(\d+)", re.ASCII)
_FIRST_NUMBER = "0001"
_LAST_NUMBER = re.compile(r"-(\d+)$", re.ASCII)
_NUMBERED = re.compile(r"-\d{4,}(?=\.(?:jsonl|parquet)(?:\.|$))", re.ASCII)


def part_path(path: Path) -> Path:
    """Return the name of a recording until it is finished."""
    return path.with_name(path.name + PART_SUFFIX)


def is_part(path: Path) -> bool:
    """Return whether a file is named as a recording that is not finished."""
    return path.name.endswith(PART_SUFFIX)


def finished_path(path: Path) -> Path:
    """Return the name of a recording when it is finished, which it may be already."""
    return path.with_name(path.name.removesuffix(PART_SUFFIX))


def old_paths(part: Path) -> Iterator[Path]:
    """Yield the names under which a `.part` file may be moved aside, in the order in which they are tried."""
    return _numbered(part, ".old")


def new_paths(part: Path) -> Iterator[Path]:
    """Yield the names that a finished file may have for a moment, before it replaces another one."""
    return _numbered(part, ".new")


def numbered_path(path: Path, number: int) -> Path:
    """Return the name of a file of a rotation: `x-0001.jsonl.zst` for `x.jsonl.zst`; 10,000 takes five digits."""
    suffix = _suffix_of(path.name, RECORDING_SUFFIXES) or path.suffix
    return path.with_name(f"{path.name.removesuffix(suffix)}-{number:04d}{suffix}")


def continuation_path(path: Path, number: int) -> Path:
    """Return the name of a file in which a single one goes on after a disk error: `x-2.jsonl.zst` for `x.jsonl.zst`."""
    suffix = _suffix_of(path.name, RECORDING_SUFFIXES) or path.suffix
    return path.with_name(f"{path.name.removesuffix(suffix)}-{number}{suffix}")


def original_path(path: Path) -> tuple[Path, int]:
    """Return the name that a continuation goes on from, and its number; a name that is none, and 1."""
    suffix = _suffix_of(path.name, RECORDING_SUFFIXES)
    stem = path.name.removesuffix(suffix)
    match = _LAST_NUMBER.search(stem)
    if not match or match[1].startswith("0") or match[1] == "1" or not match.start():
        return path, 1
    return path.with_name(stem[: match.start()] + suffix), int(match[1])


def previous_path(path: Path) -> Path | None:
    """
    Return the name of the file that goes before a finished one of a recording in several; None before the first.

    What has that name need not be of the same recording.
    """
    suffix = _suffix_of(path.name, RECORDING_SUFFIXES)
    stem = path.name.removesuffix(suffix)
    match = _LAST_NUMBER.search(stem)
    if not match or int(match[1]) < 2:
        return None
    number, before = int(match[1]) - 1, stem[: match.start()]
    is_rotated = len(match[1]) >= len(_FIRST_NUMBER)
    if not is_rotated and number == 1:
        return path.with_name(before + suffix)
    return path.with_name(f"{before}-{number:04d}{suffix}" if is_rotated else f"{before}-{number}{suffix}")


def state_path(path: Path) -> Path:
    """Return the name of the checkpoints of a finished recording."""
    return path.with_name(path.name + STATE_SUFFIX)


def pending_path(path: Path) -> Path:
    """Return the name of the mark that something is still to be done after a recording; see pending.py."""
    return path.with_name(later_paths(path)[-1].name + PENDING_SUFFIX)


def shipped_path(path: Path) -> Path:
    """Return the name of the mark that a finished recording was shipped; see shipped_mark.py."""
    return path.with_name(path.name + SHIPPED_SUFFIX)


def carried_path(path: Path) -> Path:
    """Return the name of the state at the end of a recording, from which the next file goes on."""
    return path.with_name(f"{later_paths(path)[-1].name}{_CARRIED_SUFFIX}")


def rotation_pattern(path: Path, first: int) -> Path:
    """Return a shell pattern for all files of a rotation that began with a number: `x-*.jsonl.zst`."""
    name = numbered_path(path, first).name
    return path.with_name("-*".join(name.rsplit(f"-{first:04d}", 1)))


def recording_number(path: Path, name: str) -> int | None:
    """Return the number of a file in the rotation of `path`, finished or a journal or not; None for other names."""
    if name.removesuffix(PART_SUFFIX).endswith((STATE_SUFFIX, PENDING_SUFFIX, SHIPPED_SUFFIX, _CARRIED_SUFFIX)):
        return None
    start, end = numbered_path(path, 1).name.rsplit(_FIRST_NUMBER, 1)
    match = re.match(rf"{re.escape(start)}(\d{{4,}}){re.escape(end)}", name, re.ASCII)  # journals and `.part` go on
    return int(match[1]) if match else None


def natural_key(name: str) -> list[tuple[int, str]]:
    """Return a sort key: numbers in names are compared as numbers, and a name comes before what continues it, `x-2`."""
    finished = name.removesuffix(PART_SUFFIX)
    stem = finished.removesuffix(_suffix_of(finished, RECORDING_SUFFIXES))
    parts = _DIGITS.split(stem)
    return [*((int(part) if number % 2 else 0, part) for number, part in enumerate(parts)), (0, name[len(stem) :])]


def in_rotation_order(paths: Iterable[Path]) -> list[Path]:
    """Return paths as they are, but adjacent ones of one rotation by number: a shell puts 10000 before 9999."""
    ordered: list[Path] = []
    for _, files in itertools.groupby(paths, _rotation_of):
        ordered += sorted(files, key=lambda path: natural_key(path.name))
    return ordered


def journal_path(table: Path) -> Path:
    """Return the name of the journal of a Parquet file."""
    return table.with_name(table.name.removesuffix(PARQUET_SUFFIX) + JOURNAL_SUFFIX)


def is_journal(path: Path) -> bool:
    """Return whether a file is named as a journal, finished or not."""
    return finished_path(path).name.endswith(JOURNAL_SUFFIX)


def table_path(journal: Path) -> Path:
    """Return the name of the Parquet file that is made from a journal, finished or not."""
    return journal.with_name(finished_path(journal).name.removesuffix(ZSTD_SUFFIX))


def later_paths(path: Path) -> list[Path]:
    """Return the names that a recording has over time, from the one passed to that of its Parquet file."""
    finished = finished_path(path)
    last = table_path(path) if is_journal(path) else finished
    return list(dict.fromkeys((path, finished, last)))


def counts_as_recording(name: str, names: Collection[str]) -> bool:
    """
    Return whether a file is named as a recording, and no other file in its folder is a better copy of it.

    Args:
        name: The name of the file.
        names: Those of all files in its folder: `x` is better than `x.part`, and a Parquet file than its journal.

    """
    stem = name.removesuffix(PART_SUFFIX)
    if (
        f"{WORK_MARK}." in name
        or f"{_UNTESTED_MARK}." in name
        or not stem.endswith(RECORDING_SUFFIXES)
        or (stem != name and stem.endswith(PARQUET_SUFFIX))
    ):
        return False
    has_finished = stem != name and stem in names
    return not (has_finished or (stem.endswith(JOURNAL_SUFFIX) and stem.removesuffix(ZSTD_SUFFIX) in names))


def repaired_path(path: Path, *, in_place: bool = False) -> Path:
    """Return the default name of a repaired recording."""
    if is_journal(path):
        return table_path(path)
    finished = finished_path(path)
    if in_place or finished != path:
        return finished
    suffix = _suffix_of(path.name, _REPAIRABLE_SUFFIXES)
    new_suffix = suffix if suffix.startswith((PLAIN_SUFFIX, PARQUET_SUFFIX)) else ZSTD_SUFFIX
    return path.with_name(f"{path.name.removesuffix(suffix)}.repaired{new_suffix}")


def work_path(output: Path) -> Path:
    """Return the name under which a repaired recording is written; that of a journal is none of a journal."""
    suffix = _suffix_of(output.name, RECORDING_SUFFIXES)
    return output.with_name(f"{output.name.removesuffix(suffix)}{WORK_MARK}{suffix or output.suffix}")


def untested_path(path: Path) -> Path:
    """Return the name under which a test makes a recording."""
    suffix = _suffix_of(path.name, RECORDING_SUFFIXES)
    return path.with_name(f"{path.name.removesuffix(suffix)}{_UNTESTED_MARK}{suffix}")


def failed_path(path: Path) -> Path:
    """Return the name of what was recorded by a test that failed; readers look at the content, not at the name."""
    return path.with_name(f"{path.name}.failed")


def lock_path(path: Path) -> Path:
    """Return the name of the file that is locked while a test makes a recording."""
    return path.with_name(f"{path.name}.lock")


def stem_and_suffix(name: str) -> tuple[str, str]:
    """Return the name of a recording without its suffix, and that suffix, with `.part` if it has that."""
    stem = name.removesuffix(PART_SUFFIX)
    suffix = _suffix_of(stem, RECORDING_SUFFIXES)
    stem = stem.removesuffix(suffix)
    return stem, name.removeprefix(stem)


def _numbered(path: Path, suffix: str) -> Iterator[Path]:
    return (path.with_name(f"{path.name}{suffix}{number if number > 1 else ''}") for number in itertools.count(1))


def _suffix_of(name: str, suffixes: Collection[str]) -> str:
    return next((suffix for suffix in suffixes if name.endswith(suffix)), "")


def _rotation_of(path: Path) -> tuple[Path, str]:
    """Return what the names of one rotation have in common, and no other name has."""
    number = _NUMBERED.search(path.name)
    return (path.parent, path.name[: number.start()]) if number else (path, "")
