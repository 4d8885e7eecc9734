"""Many recordings are shipped; what is wrong with one leaves the others alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feedrec.errors import CannotShipError, NotShippedError, ShipConflictError
from feedrec.recorder.shipping.destination import Destination
from feedrec.recorder.shipping.shipping_run import Order, Result, ship_all

HOUR = 3600 * 10**9


def shipped(paths: list[Path], folder: Path, order: Order) -> dict[str, Result]:
    return {one.path.name: one for one in ship_all([(path, folder) for path in paths], order)}


def recordings(folder: Path, number: int) -> list[Path]:
    paths = [folder / f"{one}.jsonl" for one in range(number)]
    for path in paths:
        path.write_bytes(path.name.encode())
    return paths


def test_all_are_there(tmp_path: Path, to: Destination) -> None:
    paths = recordings(tmp_path, 9)
    results = shipped(paths, tmp_path, Order(to))
    assert all(one.shipped and one.error is None and not one.is_removed for one in results.values())
    assert {one.key: to.store.read(one.key, 0, 99).data for one in to.store.list()} == {
        path.name: path.read_bytes() for path in paths
    }


def test_what_is_wrong_with_one_is_told_and_the_others_go(tmp_path: Path, to: Destination) -> None:
    paths = [*recordings(tmp_path, 3), tmp_path / "gone.jsonl", tmp_path / "a\nb.jsonl"]
    paths[-1].touch()
    to.store.create("1.jsonl", b"another")
    results = shipped(paths, tmp_path, Order(to, at_once=2))
    kinds = {name: type(one.error) for name, one in results.items() if one.error is not None}
    assert kinds == {"1.jsonl": ShipConflictError, "gone.jsonl": NotShippedError, "a\nb.jsonl": CannotShipError}


def test_what_is_old_enough_is_removed_here(tmp_path: Path, to: Destination) -> None:
    old, young, needed, pending = recordings(tmp_path, 4)
    for path in (old, needed, pending):
        os.utime(path, ns=(0, 0))
    order = Order(to, keep=HOUR, needed={needed}, pending={pending})
    results = shipped([old, young, needed, pending], tmp_path, order)
    assert [name for name, one in results.items() if one.is_removed] == ["0.jsonl"]
    assert sorted(path.name for path in tmp_path.glob("*.jsonl")) == ["1.jsonl", "2.jsonl", "3.jsonl"]


def test_the_caller_may_end_it(tmp_path: Path) -> None:
    paths = recordings(tmp_path, 50)

    def end() -> None:
        raise KeyboardInterrupt

    run = ship_all([(path, tmp_path) for path in paths], Order(Destination(tmp_path / "place"), at_once=1), between=end)
    with pytest.raises(KeyboardInterrupt):
        list(run)


def test_a_defect_is_told_of_and_not_waited_for(
    tmp_path: Path, to: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedrec.recorder.shipping.shipping_run.key_of", lambda *_: 1 // 0)
    (result,) = shipped(recordings(tmp_path, 1), tmp_path, Order(to)).values()
    assert "ZeroDivisionError" in str(result.error)
