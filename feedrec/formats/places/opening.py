"""Which place a path or URL is of, and whether it is a folder there."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from .folder_store import FolderStore
from .object_store import ObjectStore
from .patience import Patience
from .protection import Protection, check_protection
from .protocol import Store
from .url_path import UrlPath, bucket_of, is_there

__all__ = ["bucket_of", "is_folder", "store_at"]

_UNPROTECTED = Protection()


def store_at(folder: Path, protection: Protection = _UNPROTECTED) -> Store:
    """
    Return the place whose keys are names below a folder, or below a prefix of a bucket.

    Args:
        folder: The folder, or the URL.
        protection: How what is written is to be kept.

    Raises:
        UsageError: If it is a URL, and obstore is not installed or its settings are wrong; or the place cannot
            keep anything so.

    """
    check_protection(folder, protection)
    if not isinstance(folder, UrlPath):
        return FolderStore(folder)
    return _object_store(folder, protection)


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder here; of a URL, whether there are objects below it and none of its name."""
    if not isinstance(path, UrlPath):
        return os.path.isdir(path)  # noqa: PTH112  Path.is_dir may raise
    if path.is_web:
        return False
    bucket = _object_store(bucket_of(path), _UNPROTECTED)
    if path.key and is_there(path):
        return False
    return next(iter(bucket.list(f"{path.key}/" if path.key else "")), None) is not None


@functools.lru_cache(maxsize=64)
def _object_store(root: UrlPath, protection: Protection) -> ObjectStore:
    return ObjectStore(root, protection, Patience())
