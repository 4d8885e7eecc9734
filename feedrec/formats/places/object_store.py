"""Objects of S3, Google Cloud Storage, Azure and web servers, by obstore."""

from __future__ import annotations

import mmap
import os
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
from .protection import Protection
from .protocol import Content, Piece, StoredObject
from .url_path import UrlPath

if TYPE_CHECKING:
    from obstore import ObjectMeta

__all__ = ["ObjectStore"]

_MOST_REASON = 200  # characters
_HTTP_STATUS = re.compile(r"Server returned non-2xx status code: (\d{3}[\w ]*)", re.ASCII)
_CODE = re.compile(r"<Code>(\w+)</Code>", re.ASCII)
_PART, _PARTS_AT_ONCE = 32 << 20, 3  # at most 10,000 parts an object in S3, hence 320 GB
_OUT_OF_RANGE = "status code: 416"


class ObjectStore:
    """
    A bucket, a container or a web server.

    Credentials are found as obstore finds them: in the environment, by web identity, of the container or the instance.

    Args:
        root: Its URL.
        protection: How what is written is to be kept.

    Raises:
        UsageError: If obstore is not installed, or takes the settings for wrong.

    """

    def __init__(self, root: UrlPath, protection: Protection) -> None:
        self._root, self._protection = root, protection
        try:
            import obstore  # noqa: PLC0415  the extra `cloud`
        except ImportError as error:
            raise UsageError(f"{root}: recordings at URLs need obstore: pip install 'feedrec[cloud]'") from error
        self._obstore = obstore
        self._store = self._opened({}, {})
        asked, parts = protection.headers(), protection.settings()
        self._writing = self._opened(asked, parts) if asked or parts else self._store
        self._in_parts = self._opened({}, parts) if asked else self._writing  # the ACL is asked for with the copy

    def _opened(self, headers: dict[str, str], settings: dict[str, Any]) -> Any:
        from obstore.store import HTTPStore, from_url  # noqa: PLC0415

        root = self._root
        client: dict[str, Any] = {"default_headers": headers} if headers else {}
        if root.scheme == "http" or os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"true", "1"}:
            client["allow_http"] = True
        options: dict[str, Any] = {"client_options": client} if client else {}
        if root.scheme == "s3":
            settings = {**settings, "copy_if_not_exists": os.environ.get("AWS_COPY_IF_NOT_EXISTS", "multipart")}
        try:
            if root.is_web:
                return HTTPStore.from_url(str(root), **options)
            return from_url(str(root), **options, **settings)
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

    def write_in_parts(self, key: str, content: Path) -> StoredObject:
        """See `Store`."""
        with self._telling(key):
            self._obstore.put(
                self._in_parts, key, content, use_multipart=True, chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE
            )
        return self._found(key)

    def copy(self, source: str, target: str) -> StoredObject:
        """See `Store`."""
        with self._telling(target):
            self._obstore.copy(self._writing, source, target, overwrite=False)
        return self._found(target)

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
            self._obstore.put(self._writing, key, data, mode=mode, use_multipart=False)
        return self._found(key)

    def _found(self, key: str) -> StoredObject:
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
