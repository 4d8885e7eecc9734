"""
The mark that a file was shipped and checked: `NAME.shipped`, beside it.

It says where it is, and of which file that holds: whoever changes or replaces the file makes the mark void. It only
saves work: without it, all is compared again, and nothing is removed here by the mark alone.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import msgspec

from ...errors import WriteError
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
    """
    Note beside a recording that it was shipped; all of the mark appears, or nothing.

    Raises:
        WriteError: If it cannot be written.

    """
    mark = _Mark(read_mark(path, checked.identity) | {url: checked})
    place = shipped_path(path)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{place.name[:200]}-", dir=place.parent)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor
                file.write(msgspec.json.encode(mark) + b"\n")
            Path(name).chmod(path.stat().st_mode & 0o666)
            Path(name).replace(place)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise WriteError(place, f"cannot be written: {error.strerror}") from error


def remove_mark(path: Path) -> None:
    """Remove the mark of a recording that is gone."""
    with contextlib.suppress(OSError):
        shipped_path(path).unlink()
