"""
Both ends of objects that were read lately, and what was listed: whoever opens an object several times asks for it once.

Everything is of one process, and bounded. What was seen of an object holds for ten seconds; after that it is looked at
again, and read anew if its tag is another one.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from ...errors import ObjectMissingError
from .opening import store_at
from .protocol import Piece, StoredObject
from .url_path import UrlPath, bucket_of

__all__ = [
    "HEAD",
    "SeenObject",
    "forget",
    "forget_unless",
    "is_object",
    "keep_tail",
    "objects_below",
    "seen_object",
    "tail_size",
]

HEAD = 256 << 10
"""Bytes of the beginning that are read when an object is opened, with which a reader of lines begins."""

_LARGEST_HEAD = 1 << 20  # a header and a block that hardly gets smaller by compression
_LEAST_TAIL, _LARGEST_TAIL = 256 << 10, 5 << 19
_TAIL_SHARE = 512  # the index of a recording is about a thousandth of it
_WHOLE = 1 << 20  # an object of which no more is left after its head is read to its end
_HOLDS = 10.0  # seconds
_LISTING_HOLDS = 600.0
_MOST_BYTES = 64 << 20
_MOST_LISTED = 200_000


class SeenObject(NamedTuple):
    """
    What is known of an object.

    Attributes:
        of: What the place says of it.
        head: Its first bytes.
        tail: Its last ones, if they were read.

    """

    of: StoredObject
    head: bytes
    tail: Piece | None = None

    @property
    def size(self) -> int:
        """Bytes that it takes here."""
        return len(self.head) + (len(self.tail.data) if self.tail is not None else 0)


class _Kept(NamedTuple):
    seen: SeenObject
    confirmed: float


class _Listing(NamedTuple):
    objects: dict[str, StoredObject]
    made: float


_lock = threading.Lock()
_kept: OrderedDict[str, _Kept] = OrderedDict()
_listings: OrderedDict[str, _Listing] = OrderedDict()


def seen_object(path: UrlPath) -> SeenObject:
    """
    Return the beginning of an object, and its end if that is known, with at most one request.

    Raises:
        ObjectMissingError: If there is none.
        PlaceError: If it cannot be read.

    """
    name = path.url
    with _lock:
        kept = _kept.get(name)
    now = time.monotonic()
    if kept is not None and now - kept.confirmed <= _HOLDS:
        return kept.seen
    store = store_at(bucket_of(path))
    if kept is not None and store.find(path.key) == kept.seen.of:
        _keep(name, kept.seen, now)
        return kept.seen
    head = store.read(path.key, 0, HEAD)
    seen = SeenObject(head.of, head.data)
    _keep(name, seen, now)
    return seen


def tail_size(size: int) -> int:
    """Return how many bytes of the end of an object are read at once: of a recording, all of its index."""
    rest = size - HEAD
    return rest if rest <= _WHOLE else min(max(_LEAST_TAIL, size // _TAIL_SHARE), _LARGEST_TAIL)


def keep_head(path: UrlPath, seen: SeenObject, more: bytes) -> SeenObject:
    """Keep what follows the beginning of an object, too, unless that is long by now; return all that is known of it."""
    if len(seen.head) + len(more) > _LARGEST_HEAD:
        return seen
    seen = seen._replace(head=seen.head + more)
    _keep(path.url, seen, time.monotonic())
    return seen


def keep_tail(path: UrlPath, seen: SeenObject, tail: Piece) -> SeenObject:
    """Keep the end of an object, too; return all that is known of it."""
    seen = seen._replace(tail=tail)
    _keep(path.url, seen, time.monotonic())
    return seen


def forget(path: UrlPath) -> None:
    """Forget an object that is another one now."""
    with _lock:
        _kept.pop(path.url, None)


def forget_unless(path: UrlPath, stored: StoredObject) -> None:
    """Forget an object if it is another one than a listing has just told of."""
    with _lock:
        kept = _kept.get(path.url)
        if kept is not None and (kept.seen.of.size, kept.seen.of.tag) != (stored.size, stored.tag):
            del _kept[path.url]


def is_object(path: UrlPath, *, as_listed: bool = False) -> bool:
    """
    Return whether there is an object.

    Args:
        path: Its URL.
        as_listed: Whether what a listing said within the last ten minutes will do.

    """
    listing = _listings.get(path.parent.url) if as_listed else None
    if listing is not None and time.monotonic() - listing.made <= _LISTING_HOLDS:
        return path.key in listing.objects
    try:
        seen_object(path)
    except ObjectMissingError:
        return False
    return True


def objects_below(folder: UrlPath) -> dict[str, StoredObject]:
    """Return the objects whose names begin with that of a folder, by key; raises PlaceError if they cannot be told."""
    store = store_at(bucket_of(folder))
    found = {one.key: one for one in store.list(f"{folder.key}/" if folder.key else "")}
    folders: dict[str, dict[str, StoredObject]] = {folder.url: {}}
    for one in found.values():
        parent = "/".join([bucket_of(folder).url, *one.key.split("/")[:-1]])
        folders.setdefault(parent, {})[one.key] = one
    _keep_listings(folders.items())
    return found


def _keep_listings(folders: Iterable[tuple[str, dict[str, StoredObject]]]) -> None:
    now = time.monotonic()
    with _lock:
        for name, objects in folders:
            _listings[name] = _Listing(objects, now)
            _listings.move_to_end(name)
        total = sum(len(one.objects) + 1 for one in _listings.values())
        while total > _MOST_LISTED:
            total -= len(_listings.popitem(last=False)[1].objects) + 1


def _keep(name: str, seen: SeenObject, now: float) -> None:
    with _lock:
        _kept[name] = _Kept(seen, now)
        _kept.move_to_end(name)
        total = sum(one.seen.size for one in _kept.values())
        while total > _MOST_BYTES and len(_kept) > 1:
            total -= _kept.popitem(last=False)[1].seen.size
