"""Where the files of this user are kept that feedrec makes by itself, as the system has it (XDG on Linux)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

__all__ = ["user_folder"]

_XDG = {"data": ("XDG_DATA_HOME", Path(".local", "share")), "cache": ("XDG_CACHE_HOME", Path(".cache"))}
_MAC = {"data": "Application Support", "cache": "Caches"}


def user_folder(kind: Literal["data", "cache"], platform: str, environment: Mapping[str, str], home: Path) -> Path:
    """Return feedrec's folder within that of the user for data, or for what can be made again."""
    if platform == "darwin":
        return home / "Library" / _MAC[kind] / "feedrec"
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "feedrec"
    variable, usual = _XDG[kind]
    named = environment.get(variable, "")
    return (Path(named) if named.startswith("/") else home / usual) / "feedrec"  # it must be absolute, says XDG
