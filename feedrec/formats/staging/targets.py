"""Which URLs can be written to, and what is there already."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...errors import RecordingExistsError, UsageError
from ..places.opening import bucket_of, store_at
from ..places.protocol import Store
from ..places.url_path import UrlPath

__all__ = ["keys_in", "refuse_target"]

_TAKEN = "already exists: choose another name, or use --overwrite"


def refuse_target(
    target: UrlPath, *, overwrite: bool = False, is_ours: Callable[[str], bool] | None = None, is_folder: bool = False
) -> None:
    """
    Refuse a URL to which nothing can be written, or whose object is there already.

    Args:
        target: The URL of a file or of a folder.
        overwrite: Whether what is there may be replaced.
        is_ours: Tells by its name whether a file beside the target is one of those that will be written; None if that
            is the target alone.
        is_folder: Whether files will be written below it, under names that are not known yet.

    Raises:
        UsageError: If it can only be read, is no file's, or needs what is not installed.
        RecordingExistsError: If an object has the name of a file, and `overwrite` is false.
        PlaceError: If the store cannot be asked.

    """
    if target.is_web:
        raise UsageError(f"{target}: web servers are only read from: write to s3://, gs:// or az://, or to a file here")
    if not target.key and not is_folder:
        raise UsageError(f"{target} is a whole bucket: name a file in it")
    store = store_at(bucket_of(target))
    if overwrite or is_folder:
        return
    if is_ours is None:
        if store.find(target.key) is not None:
            raise RecordingExistsError(target, _TAKEN)
        return
    for key in keys_in(store, target.parent):
        if "/" not in key and is_ours(key):
            raise RecordingExistsError(target.with_name(key), _TAKEN)


def keys_in(store: Store, folder: UrlPath) -> Iterator[str]:
    """
    Yield the names of objects in a folder and in those below it, without its own.

    Raises:
        PlaceError: If the store cannot be asked.

    """
    prefix = f"{folder.key}/" if folder.key else ""
    for one in store.list(prefix):
        yield one.key.removeprefix(prefix)
