"""Objects of S3, Google Cloud Storage, Azure and web servers, by obstore."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import (
    ObjectChangedError,
    ObjectExistsError,
    ObjectMissingError,
    PlaceError,
    UsageError,
)
from .protocol import Content, Piece, StoredObject
from .url_path import UrlPath

if TYPE_CHECKING:
    from obstore import ObjectMeta

__all__ = ["ObjectStore"]

_MOST_REASON = 200  # characters
_HTTP_STATUS = re.compile(r"Server returned non-2xx status code: (\d{3}[\w ]*)", re.ASCII)
_CODE = re.compile(r"<Code>(\w+)</Code>", re.ASCII)
_OUT_OF_RANGE = "status code: 416"


class ObjectStore:
    """
    A bucket, a container or a web server.

    Credentials are found as obstore finds them: in the environment, by web identity, of the container or the instance.

    Args:
        root: Its URL.

    Raises:
        UsageError: If obstore is not installed, or takes the settings for wrong.

    """

    def __init__(self, root: UrlPath) -> None:
        self._root = root
        try:
            import obstore  # noqa: PLC0415  the extra `cloud`
            from obstore.store import HTTPStore, from_url  # noqa: PLC0415
        except ImportError as error:
            raise UsageError(f"{root}: recordings at URLs need obstore: pip install 'feedrec[cloud]'") from error
        self._obstore = obstore
        try:
            if root.is_web:
                self._store: Any = HTTPStore.from_url(str(root), client_options={"allow_http": root.scheme == "http"})
            else:
                self._store = from_url(str(root))
        except Exception as error:
            raise UsageError(f"{root}: {_reason(error)}") from error

    def find(self, key: str) -> StoredObject | None:
        """See `Store`."""
        try:
            with self._telling(key):
                return _stored(self._obstore.head(self._store, key))
        except ObjectMissingError:
            return None

    def read(self, key: str, start: int, size: int, of: StoredObject | None = None) -> Piece:
        """See `Store`."""
        options: dict[str, Any] = {"range": (start, start + size)}
        if of is not None and of.tag:
            options["if_match"] = of.tag
        try:
            with self._telling(key):
                piece = self._get(key, options)
        except PlaceError as error:
            if _OUT_OF_RANGE not in str(error.__cause__):
                raise
            found = self.find(key)
            if found is None:
                raise ObjectMissingError(self._path(key), "no such object") from error
            piece = Piece(start, b"", found)
        if of is not None and (piece.of.size, piece.of.tag, piece.of.modified) != (of.size, of.tag, of.modified):
            raise ObjectChangedError(self._path(key), "was replaced while it was read: read it again")
        return piece

    def read_tail(self, key: str, size: int) -> Piece:
        """See `Store`."""
        with self._telling(key):
            return self._get(key, {"range": {"suffix": size}})

    def create(self, key: str, content: Content) -> StoredObject:
        """See `Store`."""
        return self._put(key, content, "create")

    def write(self, key: str, content: Content) -> StoredObject:
        """See `Store`."""
        return self._put(key, content, "overwrite")

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """See `Store`."""
        with self._telling(prefix):
            for some in self._obstore.list(self._store, prefix or None):
                yield from map(_stored, some)

    def delete(self, key: str) -> None:
        """See `Store`."""
        with self._telling(key):
            self._obstore.delete(self._store, key)

    def _get(self, key: str, options: Any) -> Piece:
        result = self._obstore.get(self._store, key, options=options)
        data = bytes(result.bytes())
        start, end = result.range
        if len(data) != end - start:
            raise PlaceError(self._path(key), f"the answer ends after {len(data)} of {end - start} bytes")
        return Piece(start, data, _stored(result.meta))

    def _put(self, key: str, content: Content, mode: Any) -> StoredObject:
        with self._telling(key), _as_buffer(content) as data:
            self._obstore.put(self._store, key, data, mode=mode, use_multipart=False)
        found = self.find(key)
        if found is None:
            raise PlaceError(self._path(key), "is not there after it was written")
        return found

    def _path(self, key: str) -> UrlPath:
        return self._root / key if key else self._root

    @contextmanager
    def _telling(self, key: str) -> Iterator[None]:
        """Turn what obstore raises into an error of ours."""
        from obstore import exceptions as of_obstore  # noqa: PLC0415

        try:
            yield
        except (FileNotFoundError, of_obstore.NotFoundError) as error:
            raise ObjectMissingError(self._path(key), "no such object") from error
        except of_obstore.AlreadyExistsError as error:
            raise ObjectExistsError(self._path(key), "already exists") from error
        except of_obstore.PreconditionError as error:
            raise ObjectChangedError(self._path(key), "was replaced while it was read: read it again") from error
        except (of_obstore.BaseError, NotImplementedError, PermissionError, OSError, ValueError) as error:
            raise PlaceError(self._path(key), _reason(error)) from error


def _stored(meta: ObjectMeta) -> StoredObject:
    modified = meta["last_modified"]
    return StoredObject(
        meta["path"], meta["size"], meta["e_tag"] or "", int(modified.timestamp()) * 10**9 + modified.microsecond * 1000
    )


@contextmanager
def _as_buffer(content: Content) -> Iterator[bytes | mmap.mmap]:
    """Give the bytes of a file without having them in memory, all at once."""
    if not isinstance(content, Path):
        yield content
        return
    with content.open("rb") as file:
        if not file.seek(0, 2):
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
            yield mapped


def _reason(error: Exception) -> str:
    """Return why a store failed, in a line: what obstore says has many, with all that the server answered."""
    text = str(error)
    status, code = _HTTP_STATUS.search(text), _CODE.search(text)
    if status:
        return f"the store answers {status[1].strip()}{f' ({code[1]})' if code else ''}"
    return " ".join(text.partition("\n")[0].split())[:_MOST_REASON] or type(error).__name__
