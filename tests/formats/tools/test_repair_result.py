"""What a repair saved and lost is counted."""

from __future__ import annotations

from pathlib import Path

import msgspec

from feedrec.formats.tools.repair_result import Loss, Repair

ONE = Loss("corrupt zstd frame", offset=10, bytes=5, lines=3, frames=2)


def repair() -> Repair:
    return Repair(Path("a"), Path("b"))


def test_a_repair_without_a_loss_is_lossless_if_the_header_was_kept_and_every_line_is_verified() -> None:
    assert repair().is_lossless
    assert not msgspec.structs.replace(repair(), header="made up").is_lossless
    assert not msgspec.structs.replace(repair(), unverified=1).is_lossless


def test_all_losses_are_counted_and_the_first_hundred_kept() -> None:
    result = repair()
    for _ in range(150):
        result.add(ONE)
    assert (result.loss_count, result.lines_lost, result.frames_lost) == (150, 450, 300)
    assert result.losses == [ONE] * 100
    assert result.is_exact
    assert not result.is_lossless


def test_one_unknown_loss_makes_the_count_a_lower_bound() -> None:
    for unknown in (msgspec.structs.replace(ONE, lines=None), msgspec.structs.replace(ONE, frames=None)):
        result = repair()
        result.add(unknown)
        result.add(ONE)
        assert not result.is_exact


def test_it_is_a_json_object_with_paths_as_text() -> None:
    result = repair()
    result.add(ONE)
    facts = result.as_dict()
    assert list(facts)[:3] == ["path", "output", "lossless"]
    assert (facts["path"], facts["output"], facts["lossless"]) == ("a", "b", False)
    assert facts["losses"] == [{**msgspec.structs.asdict(ONE)}]
