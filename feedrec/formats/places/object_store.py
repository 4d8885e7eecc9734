"""Objects of S3, Google Cloud Storage, Azure and web servers, by obstore."""

from __future__ import annotations

import functools
import hashlib
import mmap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import ObjectChangedError, ObjectMissingError, PlaceAwayError, UsageError
from .asking import CHANGED, NoRangesError, OutOfRangeError, create, tell, try_often
from .clients import LARGEST_READ, Clients
from .patience import Patience
from .protection import Protection
from .protocol import Content, Piece, StoredObject, has_content, sha256_of
from .url_path import UrlPath, place_of
from .whole_objects import WholeObjects

if TYPE_CHECKING:
    from obstore import ObjectMeta

__all__ = ["ObjectStore"]

_PART, _PARTS_AT_ONCE = 16 << 20, 3  # at most 10,000 parts an object in S3, hence 160 GB
_LONGEST_COPY = 64 << 20  # what a copy within the store may take as long as
_Result = TypeVar("_Result")


class ObjectStore:
    """
    A bucket, a container or a web server.

    Credentials are found as obstore finds them: in the environment, by web identity, of the container or the instance;
    or, where boto3 is installed, as that finds those of a profile.

    Args:
        root: Its URL.
        protection: How what is written is to be kept.
        patience: How long it is waited for.

    Raises:
        UsageError: If obstore is not installed, or the settings are wrong.

    """

    def __init__(self, root: UrlPath, protection: Protection, patience: Patience) -> None:
        self._root, self._patience = root, patience
        self._clients = Clients(root, protection, patience)
        self._whole = WholeObjects(self._fetch)
        self._without_ranges: set[str] = set()

    def find(self, key: str) -> StoredObject | None:
        """See `Store`."""
        obstore = self._clients.obstore
        client, name = self._clients.reading(key)
        try:
            if not self._root.is_web:
                return self._tried(key, lambda: _stored(key, obstore.head(client, name)))
            if key not in self._without_ranges:  # a signature is for GET alone
                with suppress(NoRangesError, OutOfRangeError):
                    return self._get(key, {"range": (0, 1)}).of
            return self._tried(key, lambda: _stored(key, obstore.get(client, name).meta))
        except ObjectMissingError:
            return None

    def read(self, key: str, start: int, size: int, of: StoredObject | None = None) -> Piece:
        """See `Store`."""
        if size <= LARGEST_READ:
            return self._read(key, start, size, of)
        pieces = [self._read(key, start, LARGEST_READ, of)]
        while len(pieces[-1].data) == LARGEST_READ and (left := size - LARGEST_READ * len(pieces)) > 0:
            begin = start + LARGEST_READ * len(pieces)
            pieces.append(self._read(key, begin, min(left, LARGEST_READ), pieces[0].of))
        return Piece(start, b"".join(piece.data for piece in pieces), pieces[0].of)

    def create(self, key: str, content: Content) -> StoredObject:
        """See `Store`."""
        return self._put(key, content, "create")

    def write(self, key: str, content: Content) -> StoredObject:
        """See `Store`."""
        return self._put(key, content, "overwrite")

    def write_in_parts(self, key: str, content: Path) -> StoredObject:
        """See `Store`."""
        self._check_writable()
        client = self._clients.in_parts(_PART)
        put = functools.partial(self._clients.obstore.put, client, key, content, use_multipart=True)
        tell(self._path(key), lambda: put(chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE))
        return self._known(key)

    def copy(self, source: str, target: str) -> StoredObject:
        """See `Store`."""
        self._check_writable()
        obstore, client = self._clients.obstore, self._clients.writing(_LONGEST_COPY)
        original = self._known(source)

        def copied() -> None:
            obstore.copy(client, source, target, overwrite=False)

        self._created(target, copied, lambda there: self._is_copy(original, there))
        return self._known(target)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """See `Store`."""
        self._check_writable()
        obstore, client = self._clients.obstore, self._clients.reading("")[0]
        last: str | None = None  # where it goes on after a fault
        pages: Iterator[Any] | None = None

        def turned() -> Any:
            nonlocal pages
            try:
                pages = pages or iter(obstore.list(client, prefix or None, offset=last))
                return next(pages, ())
            except BaseException:
                pages = None
                raise

        while page := self._tried(prefix, turned):
            last = page[-1]["path"]
            yield from (_stored(meta["path"], meta) for meta in page if meta["path"].startswith(prefix))

    def delete(self, key: str) -> None:
        """See `Store`."""
        self._check_writable()
        obstore, client = self._clients.obstore, self._clients.reading("")[0]
        with suppress(ObjectMissingError):
            self._tried(key, lambda: obstore.delete(client, key))

    def _read(self, key: str, start: int, size: int, of: StoredObject | None) -> Piece:
        """Return what is in a range that one request asks for."""
        try:
            piece = (self._of_whole if key in self._without_ranges else self._ranged)(key, start, size, of)
        except NoRangesError:
            piece = self._of_whole(key, start, size, of)
        if of is not None and (piece.of.size, piece.of.tag, piece.of.modified) != (of.size, of.tag, of.modified):
            raise ObjectChangedError(self._path(key), CHANGED)
        return piece

    def _ranged(self, key: str, start: int, size: int, of: StoredObject | None) -> Piece:
        options: dict[str, Any] = {"range": (start, start + size)}
        if of is not None and of.tag and not of.tag.startswith("W/"):  # a weak one matches nothing: RFC 9110, 13.1.1
            options["if_match"] = of.tag
        try:
            return self._get(key, options)
        except OutOfRangeError:
            return Piece(start, b"", self._known(key))

    def _of_whole(self, key: str, start: int, size: int, of: StoredObject | None) -> Piece:
        path, seen = self._path(key), of or self._known(key)
        return self._tried(key, lambda: self._whole.read(path, key, start, size, seen))

    def _fetch(self, key: str) -> tuple[StoredObject, Iterable[bytes]]:
        client, name = self._clients.reading(key)
        result = tell(self._path(key), lambda: self._clients.obstore.get(client, name))
        pieces = iter(result.stream(1 << 20))
        return _stored(key, result.meta), iter(lambda: tell(self._path(key), lambda: bytes(next(pieces, b""))), b"")

    def _get(self, key: str, options: Any) -> Piece:
        client, name = self._clients.reading(key)

        def got() -> Piece:
            result = self._clients.obstore.get(client, name, options=options)
            data = bytes(result.bytes())
            start, end = result.range
            if len(data) != end - start:
                raise PlaceAwayError(self._path(key), f"the answer has {len(data)} of {end - start} bytes")
            return Piece(start, data, _stored(key, result.meta))

        try:
            return self._tried(key, got)
        except NoRangesError:
            self._without_ranges.add(key)
            raise

    def _put(self, key: str, content: Content, mode: Any) -> StoredObject:
        self._check_writable()
        with _as_buffer(content) as data:
            client = self._clients.writing(len(data))
            put = functools.partial(self._clients.obstore.put, client, key, data, use_multipart=False)
            if mode == "create":
                self._created(key, functools.partial(put, mode="create"), lambda there: self._is_of(there, data))
            else:
                self._tried(key, lambda: put(mode="overwrite"))
        return self._known(key)

    def _created(self, key: str, call: Callable[[], object], is_ours: Callable[[StoredObject], bool]) -> None:
        create(self._patience, self._path(key), call, lambda: self.find(key), is_ours)

    def _is_of(self, there: StoredObject, data: bytes | mmap.mmap) -> bool:
        """Return whether an object has these bytes."""
        etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return has_content(self, there, len(data), {etag}, lambda: hashlib.sha256(data).hexdigest())

    def _is_copy(self, original: StoredObject, there: StoredObject) -> bool:
        """Return whether an object has the same bytes as another one."""
        return has_content(self, there, original.size, (), lambda: sha256_of(self, original))

    def _known(self, key: str) -> StoredObject:
        found = self.find(key)
        if found is None:
            raise ObjectMissingError(self._path(key), "no such object")
        return found

    def _check_writable(self) -> None:
        if self._root.is_web:
            raise UsageError(f"{self._root}: a web server is only read from, object by object")

    def _path(self, key: str) -> Path:
        if not key:
            return self._root
        return place_of(f"{self._root.url}/{key}") if self._root.is_web else self._root / key

    def _tried(self, key: str, call: Callable[[], _Result]) -> _Result:
        return try_often(self._patience, self._path(key), call)


def _stored(key: str, meta: ObjectMeta) -> StoredObject:
    modified = meta["last_modified"]
    written = int(modified.timestamp()) * 10**9 + modified.microsecond * 1000
    return StoredObject(key, meta["size"], meta["e_tag"] or "", written)


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
