"""
Where outputs go, a folder or a prefix of a bucket: what is there, and how an output gets its name.

An output gets its name only whole, and only where nothing is that a batch has not made itself: what is there is
compared with what was made before, by its SHA-256. Of an output of several files, the last tells that all are there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..errors import ObjectExistsError, ObjectMissingError, RecordingExistsError, WriteError
from ..formats.file.lock import rename_to_free_name, sync_folder
from ..formats.places.opening import store_at
from ..formats.places.protocol import sha256_of
from ..formats.places.url_path import UrlPath
from ..formats.staging.staged import put_file
from .manifest import Entry, decode_manifest, decode_promise, encode_manifest, encode_promise
from .task import OutputFile
from .workplace import BATCH_FOLDER, workplace

__all__ = ["FOREIGN", "Destination", "Promise", "files_of"]

_MANIFEST = f"{BATCH_FOLDER}/manifest.jsonl"
_PROMISES = f"{BATCH_FOLDER}/promises"
_AT_ONCE = 16

FOREIGN = "already exists, and no batch made it: move it away, or choose another destination"
"""Why an output does not get its name: what has it was made by somebody else."""


class Promise(NamedTuple):
    """What a worker wrote down of an output, and under which name."""

    name: str
    entry: Entry


class Destination:
    """
    Where outputs go.

    Args:
        place: A folder, or the URL of a bucket or a prefix.

    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._store = store_at(place)

    def sizes(self) -> dict[str, int]:
        """
        Return the sizes of all files below, by their names.

        Raises:
            PlaceError: If it cannot be listed.

        """
        return {one.key: one.size for one in self._store.list() if not one.key.startswith(f"{BATCH_FOLDER}/")}

    def manifest(self) -> dict[str, Entry]:
        """Return what is known of each task, by its key."""
        data = self._read(_MANIFEST)
        return {} if data is None else decode_manifest(data)

    def promises(self, key: str | None = None) -> list[Promise]:
        """Return what workers have written down that is not in the manifest, of one task or of all, by time."""
        folder = f"{_PROMISES}/" if key is None else f"{_PROMISES}/{_folder_of(key)}/"
        names = sorted(one.key for one in self._store.list(folder))
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="feedrec-promises") as pool:
            read = list(pool.map(self._read, names))
        found = [(name, decode_promise(data)) for name, data in zip(names, read, strict=True) if data is not None]
        promises = [Promise(name, entry) for name, entry in found if entry is not None]
        return sorted(promises, key=lambda one: one.entry.time)

    def promise(self, entry: Entry, work: Path) -> Promise:
        """
        Write down what an output will be; return that, to be taken back if it will not.

        Args:
            entry: What it will be.
            work: The folder that the output is made in.

        """
        name = f"{_PROMISES}/{_folder_of(entry.key)}/{secrets.token_hex(8)}.json"
        self._write(name, encode_promise(entry), work)
        return Promise(name, entry)

    def take_back(self, promise: Promise) -> None:
        """Forget a promise: it is in the manifest, or will not be kept."""
        self._store.delete(promise.name)
        if not isinstance(self.place, UrlPath):
            with contextlib.suppress(OSError):  # there are others of the task
                (self.place / promise.name).parent.rmdir()

    def write_manifest(self, manifest: dict[str, Entry], folded: Iterable[Promise]) -> None:
        """Write what is known of each task, and remove the promises that are in it now."""
        with workplace(self.place) as work:
            self._write(_MANIFEST, encode_manifest(manifest), work)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="feedrec-promises") as pool:
            list(pool.map(self.take_back, folded))

    def known(self) -> dict[str, Entry]:
        """
        Return what is known of each task, by its key: what is in the manifest, and what was promised and is there.

        Raises:
            PlaceError: If the place cannot be asked.

        """
        return self.with_kept(self.manifest(), self.promises())

    def with_kept(self, known: Mapping[str, Entry], promises: Sequence[Promise]) -> dict[str, Entry]:
        """Return what is known with the promises that were kept: what they tell of has its name, and these bytes."""
        now = dict(known)
        if promises:
            sizes = self.sizes()
            by_key: dict[str, list[Entry]] = {}
            for _, entry in promises:
                if all(sizes.get(file.name) == file.size for file in entry.files):
                    by_key.setdefault(entry.key, []).append(entry)
            for key, entries in by_key.items():  # what was there before may be as long
                kept = [entry for entry in entries if all(map(self._is, entry.files))]
                now |= {key: kept[-1]} if kept else {}
        return now

    def publish(
        self, made: Path, files: Sequence[OutputFile], key: str, before: Collection[OutputFile]
    ) -> Entry | None:
        """
        Give an output its name.

        Args:
            made: The folder in which its files are, by their names.
            files: The files, in the order in which they get their names.
            key: The key of its task, whose output was promised.
            before: What the task made before, which may be replaced.

        Returns:
            None; or what another worker promised of the same task, if that has the name meanwhile.

        Raises:
            RecordingExistsError: If a name is taken by what no batch has made.
            WriteError: If it cannot be written.
            PlaceError: If it cannot be uploaded.

        """
        if self._is_named_whole(made, files):
            return None
        known = {*files, *before}
        for file in files:
            if not self._named(made, file, known):
                winner = self._kept_by_another(key, file.name)
                if winner is None:
                    raise RecordingExistsError(self.place / file.name, FOREIGN)
                return winner
        names = {file.name for file in files}
        for old in before:
            if old.name not in names and self._is(old):
                self._remove(old.name)
        return None

    def _is_named_whole(self, made: Path, files: Sequence[OutputFile]) -> bool:
        """Give a folder its name here, with all that is in it, if nothing has that."""
        if not files:  # as an export of a recording without books and trades
            return False
        top = files[0].name
        folders = [str(one) for one in PurePosixPath(top).parents if all(f.name.startswith(f"{one}/") for f in files)]
        if isinstance(self.place, UrlPath) or len(files) < 2 or not folders or os.path.lexists(self.place / folders[0]):
            return False
        with self._writing(self.place / folders[0]):
            (self.place / folders[0]).parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                (made / folders[0]).rename(self.place / folders[0])
                sync_folder((self.place / folders[0]).parent)
                return True
        return False

    def _kept_by_another(self, key: str, name: str) -> Entry | None:
        """Return what another worker promised of the same task, if that is what has a name."""
        entries = [one.entry for one in self.promises(key)]
        return next((one for one in entries if any(file.name == name and self._is(file) for file in one.files)), None)

    def _named(self, made: Path, file: OutputFile, known: Collection[OutputFile]) -> bool:
        """Give a file its name; tell whether it has it, which it has not if something unknown is there."""
        try:
            self._create(made, file)
        except ObjectExistsError:
            there = self._digest(file.name)
            if there == file:
                return True
            if there is not None and there not in known:
                return False
            self._replace(made, file)
        return True

    def _create(self, made: Path, file: OutputFile) -> None:
        if isinstance(self.place, UrlPath):
            put_file(self._store, file.name, made / file.name, file.size, overwrite=False)
            return
        path = self.place / file.name
        with self._writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                rename_to_free_name(made / file.name, path)
            except FileExistsError:
                raise ObjectExistsError(path, "already exists") from None
            sync_folder(path.parent)

    def _replace(self, made: Path, file: OutputFile) -> None:
        if isinstance(self.place, UrlPath):
            put_file(self._store, file.name, made / file.name, file.size, overwrite=True)
            return
        with self._writing(self.place / file.name):
            (made / file.name).replace(self.place / file.name)
            sync_folder((self.place / file.name).parent)

    def _is(self, file: OutputFile) -> bool:
        return self._digest(file.name) == file

    def _digest(self, name: str) -> OutputFile | None:
        """Return what has a name; None if nothing has. A folder, pipe or link to nothing is nothing that was made."""
        found = self._store.find(name)
        if found is None:
            is_taken = not isinstance(self.place, UrlPath) and os.path.lexists(self.place / name)
            return OutputFile(name, -1, "") if is_taken else None
        return OutputFile(name, found.size, sha256_of(self._store, found))

    def _read(self, name: str) -> bytes | None:
        try:
            found = self._store.find(name)
            return None if found is None else self._store.read(name, 0, max(found.size, 1)).data
        except ObjectMissingError:
            return None

    def _write(self, name: str, data: bytes, work: Path) -> None:
        if isinstance(self.place, UrlPath):
            self._store.write(name, data)
            return
        path, begun = self.place / name, work / f"{secrets.token_hex(4)}.written"
        with self._writing(path):
            with begun.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            path.parent.mkdir(parents=True, exist_ok=True)
            begun.replace(path)
            sync_folder(path.parent)

    def _remove(self, name: str) -> None:
        self._store.delete(name)
        if not isinstance(self.place, UrlPath):
            for folder in PurePosixPath(name).parents:
                if folder != PurePosixPath("."):
                    with contextlib.suppress(OSError):  # there is something in it
                        (self.place / folder).rmdir()

    @contextlib.contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WriteError(path, f"cannot be written: {error.strerror}") from error


def files_of(made: Path, paths: Sequence[Path]) -> tuple[OutputFile, ...]:
    """Return what files are that were made in a folder, by their names below it."""
    found = []
    for path in paths:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        found.append(OutputFile(path.relative_to(made).as_posix(), path.stat().st_size, digest))
    return tuple(found)


def _folder_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:24]
