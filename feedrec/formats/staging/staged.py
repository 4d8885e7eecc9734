"""
What is written to a URL: it is made in a temporary folder of this machine, and then uploaded, file by file.

An object appears whole or not at all, and one that is there is replaced only where that is wanted: the store itself
sees to that, except of a file too large for one request, before whose upload it is asked once more.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...errors import (
    FeedrecError,
    ObjectExistsError,
    PlaceError,
    RecordingError,
    RecordingExistsError,
    WriteError,
)
from ..places.opening import bucket_of, store_at
from ..places.protocol import Store, StoredObject
from ..places.url_path import UrlPath
from .several_uploads import upload_all
from .targets import keys_in

__all__ = ["Staging", "put_file", "staged"]

_LARGEST_PUT = 5_000_000_000
"""Bytes of the largest object that is put by one request; S3 takes 5 GiB (User Guide, Uploading objects)."""

_TAKEN_MEANWHILE = "was created by another program meanwhile, and was not replaced"


class Staging:
    """
    Files that are made here for a URL.

    Args:
        target: The URL of a file or of a folder.
        folder: A temporary folder.
        overwrite: Whether objects may be replaced.

    Attributes:
        path: What stands for the target here: a file or folder in the temporary one.

    """

    def __init__(self, target: UrlPath, folder: Path, *, overwrite: bool = False) -> None:
        self.path = folder / (target.name if target.key else "bucket")
        self._target, self._folder, self._overwrite = target, folder, overwrite
        self._store = store_at(bucket_of(target))
        self._named: list[Path] = []

    def url_of(self, path: Path) -> UrlPath:
        """Return the URL of a file that was made here."""
        if path.is_relative_to(self.path):
            return self._target / path.relative_to(self.path)
        return self._target.parent / path.relative_to(self._folder)

    def take_names(self) -> None:
        """
        Make an empty file of each name that objects below the target have, for who looks what is there.

        Where such a file is removed, as what a new one replaces, the object is removed when the others were uploaded.

        Raises:
            PlaceError: If the store cannot be asked.

        """
        for key in keys_in(self._store, self._target):
            path = self.path / key
            if ".." not in path.parts and path.is_relative_to(self.path):
                with contextlib.suppress(OSError, ValueError):  # a key may be below another one, or no name of a file
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.touch()
                    self._named.append(path)

    def upload(
        self,
        files: Sequence[Path],
        companion: Callable[[Path], Path] | None = None,
        on_waiting: Callable[[int, int], object] = lambda _done, _size: None,
    ) -> list[Path]:
        """
        Upload files, and remove them here; return their URLs.

        Args:
            files: The files, in the temporary folder.
            companion: Returns what may be beside a file, and belongs to it: it is uploaded too, in the place of that
                of the file that was there before.
            on_waiting: Called again and again with the bytes uploaded and all bytes; if it raises, no further upload
                begins.

        Raises:
            RecordingExistsError: If one is there by now, and may not be replaced.
            PlaceError: If one cannot be uploaded; those before it stay, and the error tells how many.

        """
        removed = [path for path in self._named if not path.exists()]
        upload_all(files, lambda path, size: self._upload(path, size, companion), on_waiting)
        for path in removed:
            self._store.delete(self.url_of(path).key)
        return [self.url_of(path) for path in files]

    def _upload(self, path: Path, size: int, companion: Callable[[Path], Path] | None) -> None:
        url = self.url_of(path)
        try:
            found = put_file(self._store, url.key, path, size, overwrite=self._overwrite)
        except ObjectExistsError as error:
            raise RecordingExistsError(url, _TAKEN_MEANWHILE) from error
        if found.size != size:
            raise PlaceError(url, f"has {found.size:,} bytes after {size:,} were uploaded: upload it again")
        path.unlink()
        if companion is not None:
            beside = companion(path)
            if beside.exists():
                self._store.write(self.url_of(beside).key, beside)
                beside.unlink()
            elif self._overwrite:
                self._store.delete(self.url_of(beside).key)

    def name_urls(self, error: FeedrecError) -> None:
        """Have an error name URLs in place of the temporary files."""
        here, there = str(self._folder), str(self._target.parent if self._target.key else self._target)
        error.args = tuple(
            one.replace(str(self.path), str(self._target)).replace(here, there) if isinstance(one, str) else one
            for one in error.args
        )
        if isinstance(error, RecordingError) and error.path.is_relative_to(self._folder):
            error.path = self.url_of(error.path)
            if isinstance(error, WriteError):
                error.reason += f" (it is made in {self._folder.parent} first: TMPDIR names another folder)"


def put_file(store: Store, key: str, path: Path, size: int, *, overwrite: bool) -> StoredObject:
    """
    Put a file of this machine into a store, in parts if it is too large for one request.

    Args:
        store: The store.
        key: The name of the object.
        path: The file.
        size: Its bytes.
        overwrite: Whether an object may be replaced.

    Raises:
        ObjectExistsError: If there is one, and it may not.
        PlaceError: If that fails.

    """
    if size <= _LARGEST_PUT:
        return store.write(key, path) if overwrite else store.create(key, path)
    if not overwrite and store.find(key) is not None:
        raise ObjectExistsError(key, "already exists")
    return store.write_in_parts(key, path)


@contextlib.contextmanager
def staged(target: UrlPath, *, overwrite: bool = False) -> Iterator[Staging]:
    """
    Give a place for what is written to a URL; whatever is still there in the end is removed.

    Errors of `FeedrecError` that come through name the URLs.

    Args:
        target: The URL of a file or of a folder.
        overwrite: Whether objects may be replaced.

    Raises:
        WriteError: If no temporary folder can be made.

    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="feedrec-"))
    except OSError as error:
        raise WriteError(target, f"no temporary folder can be made for it: {error.strerror}") from error
    try:
        staging = Staging(target, folder, overwrite=overwrite)
        try:
            yield staging
        except FeedrecError as error:
            staging.name_urls(error)
            raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
