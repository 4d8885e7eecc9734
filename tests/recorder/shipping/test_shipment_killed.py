"""Whoever ships may be killed between any two steps: the next run loses, doubles and overwrites nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feedrec.formats.file.names import state_path
from feedrec.formats.places.folder_store import FolderStore
from feedrec.recorder.shipping import delivery
from feedrec.recorder.shipping.destination import Destination
from feedrec.recorder.shipping.removal import remove_shipped
from feedrec.recorder.shipping.shipment import ship
from feedrec.recorder.shipping.sweeping import sweep

from .conftest import BYTES

KEY = "x.jsonl"


class _KilledError(BaseException):
    """Nothing catches it, as nothing outlives a kill."""


class _Steps:
    """Counts what changes a disk or a place, and kills before or after the step of a number."""

    def __init__(self, last: int, *, is_done: bool) -> None:
        self.left, self._is_done = last, is_done
        self.is_dead = False

    def around(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            if self.is_dead:
                raise _KilledError
            self.left -= 1
            if self.left:
                return step(*arguments, **options)
            self.is_dead = True
            if self._is_done:
                step(*arguments, **options)
            raise _KilledError

        return counted


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("is_large", [False, True])
def test_it_may_be_killed_at_any_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_large: bool, is_done: bool
) -> None:
    if is_large:
        monkeypatch.setattr(delivery, "LARGEST_PUT", 10)
    for last in range(1, 100):
        folder = tmp_path / f"{last}"
        folder.mkdir()
        path = folder / KEY
        path.write_bytes(BYTES)
        state_path(path).write_bytes(b"state")
        to = Destination(folder / "place")
        steps = _Steps(last, is_done=is_done)
        with monkeypatch.context() as patch:
            for name in ("create", "write_in_parts", "copy", "delete"):
                patch.setattr(to.store, name, steps.around(getattr(to.store, name)))
            patch.setattr(Path, "unlink", steps.around(Path.unlink))
            patch.setattr(os, "write", steps.around(os.write))
            try:
                ship(path, to, KEY)
                remove_shipped(path, to, KEY)
            except _KilledError:
                pass
        whole = {one.key: to.store.read(one.key, 0, 1 << 20).data for one in to.store.list() if KEY in one.key}
        assert set(whole.items()) <= {(KEY, BYTES), (f"{KEY}.state", b"state")}
        assert path.exists() or len(whole) == 2
        if path.exists():
            ship(path, Destination(folder / "place"), KEY)
            remove_shipped(path, to, KEY)
        list(sweep(to, 0))
        assert {one.key: to.store.read(one.key, 0, 1 << 20).data for one in FolderStore(to.place).list()} == {
            KEY: BYTES,
            f"{KEY}.state": b"state",
        }
        assert not path.exists()
        if steps.left > 0:
            assert last > 5
            return
    raise AssertionError("it never came to an end")
