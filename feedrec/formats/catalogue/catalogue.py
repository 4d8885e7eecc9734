"""
The files of a catalogue: one Parquet file a recorder and UTC day.

A recorder is an endpoint at an address, a day that of a recording's first line. The files are in a folder of their own
beside the recordings, whose name begins with a dot, so that nobody takes them for recordings; or in a folder that is
named. Each is written whole. Where two programs write one at once, the rows are those of the one that wrote last; what
it did not know of is looked at by the next.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from ...errors import ObjectMissingError
from ...model import format_time
from ..places.opening import store_at
from ..places.protocol import Store, StoredObject
from .entry import Entry
from .table import decode_table, encode_table, has_row

__all__ = ["CATALOGUE_FOLDER", "Catalogue", "Written", "read_catalogue", "update_catalogue"]

CATALOGUE_FOLDER = ".catalogue"
"""The folder of a catalogue, beside the recordings."""

_AT_ONCE = 16
_FILE_NAME = re.compile(r"\d{4}-\d\d-\d\d\.[a-z0-9-]{1,64}\.[0-9a-f]{8}\.parquet", re.ASCII)
_OTHER = re.compile(r"[^a-z0-9-]+", re.ASCII)
_KEPT_STATES = ("finished", "no summary")

Catalogue = Mapping[str, Sequence[Entry]]
"""The entries of each file, by its name."""


class Written(NamedTuple):
    """
    What was done to a catalogue.

    Attributes:
        written: The files that were written.
        unchanged: How many were right as they were.
        removed: The files whose recordings are all gone.

    """

    written: list[str]
    unchanged: int
    removed: list[str]


def read_catalogue(folder: Path) -> Catalogue:
    """
    Return what is in the catalogue of a folder; what is no file of a catalogue of this version is left out.

    Args:
        folder: The folder that the catalogue's files are in.

    Raises:
        PlaceError: If its place cannot be used.

    """
    store = store_at(folder)
    files = sorted((one for one in store.list() if _FILE_NAME.fullmatch(one.key)), key=lambda one: one.key)
    if not files:
        return {}
    with ThreadPoolExecutor(min(_AT_ONCE, len(files)), thread_name_prefix="feedrec-catalogue") as pool:
        read = pool.map(lambda one: _read(store, one), files)
        return {one.key: entries for one, entries in zip(files, read, strict=True) if entries is not None}


def update_catalogue(folder: Path, before: Catalogue, entries: Sequence[Entry], gone: Iterable[str]) -> Written:
    """
    Write what changed.

    Args:
        folder: The folder that the catalogue's files are in.
        before: What was in it.
        entries: What is known of recordings now. Those that are not finished, or cannot be read, get no row.
        gone: Names of recordings that are not there any more.

    Raises:
        PlaceError: If it cannot be written.

    """
    store, gone = store_at(folder), {*gone, *(entry.path for entry in entries)}
    now: dict[str, list[Entry]] = {}
    for name, rows in before.items():
        now[name] = [row for row in rows if row.path not in gone]
    for entry in entries:
        if entry.state in _KEPT_STATES and has_row(entry):
            now.setdefault(_file_name(entry), []).append(entry)
    written, removed = [], []
    for name, rows in sorted(now.items()):
        rows.sort(key=lambda row: (row.begin or row.created, row.path))
        if not rows:
            store.delete(name)
            removed.append(name)
        elif rows != before.get(name):
            store.write(name, encode_table(rows))
            written.append(name)
    return Written(written, len(now) - len(written) - len(removed), removed)


def _read(store: Store, file: StoredObject) -> list[Entry] | None:
    try:
        return decode_table(store.read(file.key, 0, max(file.size, 1)).data)
    except ObjectMissingError:  # another program has removed it
        return None


def _file_name(entry: Entry) -> str:
    """Return the file that an entry belongs in; what of the name comes from a recording is made plain."""
    day = format_time(entry.created if entry.begin is None else entry.begin)[:10]
    plain = _OTHER.sub("-", entry.endpoint.lower()).strip("-")[:64] or "other"
    digest = hashlib.sha256(f"{entry.endpoint}\n{entry.url}".encode()).hexdigest()[:8]
    return f"{day}.{plain}.{digest}.parquet"
