"""
States that a replay has rebuilt, kept in the user's cache folder: the next replay of the same recordings has them.

What is here can be made again, so nothing that goes wrong with it is an error: then nothing is kept. Only the user can
read it. Whatever was not used for the longest time is removed when there is too much.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import stat
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ...feeds.venue import Key
from ...formats.checkpoints.state_file import StateFile, StateWriter, open_state
from ...formats.checkpoints.state_layout import Checkpoint, FileIdentity, StateDamageError
from ...formats.file.modes import FileMode
from ...formats.file.names import STATE_SUFFIX, is_part
from ..user_folders import user_folder

__all__ = ["MOST", "About", "StateCache", "user_cache"]

MOST = 1 << 30
"""Bytes of all states together, at most."""

_MOST_OF_ONE = 64  # checkpoints of the same states of the same recordings
_LEFT_AFTER = 3600  # seconds after which a file that was not finished is one that a killed process left
_PRIVATE = FileMode(0o600, is_exact=True)

_log = logging.getLogger("feedrec.replay")


class About(NamedTuple):
    """
    What states are about.

    Attributes:
        kind: What wrote them, and in which version.
        recording: The file in which their places are.
        before: All files before it, the last one first.
        keys: Channels and products.

    """

    kind: str
    recording: FileIdentity
    before: Sequence[FileIdentity]
    keys: Collection[Key]

    @property
    def name(self) -> str:
        """A name that nothing else has."""
        told = msgspec.json.encode([self.kind, self.recording, list(self.before), sorted(self.keys)])
        return hashlib.sha256(told).hexdigest()[:40] + STATE_SUFFIX


class StateCache:
    """
    A folder of states.

    Args:
        folder: The folder; made when something is kept.
        most: See `MOST`.

    """

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self.folder = folder
        self._most = most

    def open(self, about: About) -> StateFile | None:
        """Return the states that are kept, open; None if there are none, or what is there is damaged."""
        path = self.path_of(about)
        try:
            state = open_state(path) if self._is_private() else None
        except (StateDamageError, OSError):
            return None
        if state is not None:
            with contextlib.suppress(OSError):  # it can be read where nothing can be written
                os.utime(path)
        return state

    def path_of(self, about: About) -> Path:
        """Return the file in which states are kept."""
        return self.folder / about.name

    def remove(self, path: Path) -> None:
        """Remove a file, if it is one of this folder: a state in it cannot be used."""
        if path.parent == self.folder:
            with contextlib.suppress(OSError):
                path.unlink()

    def keep(self, about: About, lines: int, when: int, states: Mapping[Key, tuple[bytes, int]]) -> None:
        """
        Keep states at a place, beside those at other places; if that is not possible, do nothing.

        Args:
            about: What they are about.
            lines: See `Checkpoint`.
            when: The time of that.
            states: As for `StateWriter.add`.

        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._is_private():
                self._write(about, lines, when, states)
                self._remove_oldest()
        except (StateDamageError, OSError) as error:
            _log.info("what was rebuilt is not kept in %s: %s", self.folder, error)

    def _is_private(self) -> bool:
        """Return whether the folder is the user's, and nobody else can put files in it."""
        try:
            status = self.folder.lstat()
        except OSError:
            return False
        others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not others

    def _write(self, about: About, lines: int, when: int, states: Mapping[Key, tuple[bytes, int]]) -> None:
        old = self.open(about)
        known = [] if old is None else [one for one in old.directory.checkpoints if one.lines != lines]
        writer = StateWriter(self.path_of(about), _PRIVATE)
        try:
            for one in sorted([*known[1 - _MOST_OF_ONE :], Checkpoint(lines, when, [])], key=lambda one: one.lines):
                if one.lines == lines:
                    writer.add(lines, when, states)
                elif old is not None:
                    writer.copy(old, one)
        except BaseException:
            writer.discard()
            raise
        finally:
            if old is not None:
                old.close()
        writer.commit(about.kind, about.recording, about.before, sync=False)

    def _remove_oldest(self) -> None:
        """Remove what was not used for the longest time, until the rest is not too much."""
        found: list[tuple[float, int, Path]] = []
        for path in self.folder.iterdir():
            with contextlib.suppress(OSError):
                status = path.lstat()
                if is_part(path) and status.st_mtime < time.time() - _LEFT_AFTER:
                    path.unlink()
                elif path.name.endswith(STATE_SUFFIX):
                    found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self._most:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size


def user_cache() -> StateCache | None:
    """Return the cache of this user; None if nothing tells where that would be."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return StateCache(user_folder("cache", sys.platform, os.environ, home) / "states")
