"""
The mark that a file was shipped and checked: `NAME.shipped`, beside it.

It says where it is, and of which file that holds: whoever changes or replaces the file makes the mark void. It only
saves work: without it, all is compared again, and nothing is removed here by the mark alone.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from ...formats.file.lock import Identity
from ...formats.file.names import shipped_path

__all__ = ["CheckedObject", "read_mark", "remove_mark", "write_mark"]

_MOST = 1 << 20  # bytes of a mark


class CheckedObject(msgspec.Struct, omit_defaults=True):
    """
    An object that was compared with a file.

    Attributes:
        identity: Which file that was.
        size: Bytes of both.
        sha256: The checksum of both, in hexadecimal.
        tag: Etag of the object as it was compared.
        state: Which file the checkpoints were that went with it; None if there were none.
        time: When it was compared, in wall nanoseconds.

    """

    identity: Identity
    size: int
    sha256: str
    tag: str = ""
    state: Identity | None = None
    time: int = 0


class _Mark(msgspec.Struct):
    shipped: dict[str, CheckedObject] = {}


def read_mark(path: Path, identity: Identity) -> dict[str, CheckedObject]:
    """Return where a recording was shipped to, by URL; empty if it has no mark, or one of another file."""
    try:
        file = os.open(shipped_path(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError):
        return {}
    try:
        mark = msgspec.json.decode(os.read(file, _MOST), type=_Mark)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):  # cut off by a power loss
        return {}
    finally:
        os.close(file)
    return {url: one for url, one in mark.shipped.items() if one.identity == identity}


def write_mark(path: Path, url: str, checked: CheckedObject) -> None:
    """Note beside a recording that it was shipped, unless the disk is full or read-only: then it is compared again."""
    mark = _Mark(read_mark(path, checked.identity) | {url: checked})
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    with contextlib.suppress(OSError):
        file = os.open(shipped_path(path), flags, 0o666)
        try:
            os.write(file, msgspec.json.encode(mark) + b"\n")  # one that is cut off counts as none
        except OSError:
            remove_mark(path)
        finally:
            os.close(file)


def remove_mark(path: Path) -> None:
    """Remove the mark of a recording that is gone."""
    with contextlib.suppress(OSError):
        shipped_path(path).unlink()
