"""One name, and numbers: what stands where, and what it means."""

from __future__ import annotations

from pathlib import Path

from feedrec.formats.file.naming.file_naming import NumberedNames, SingleName


def test_one_name_goes_on_with_numbers() -> None:
    names = SingleName(Path("a/x.jsonl.zst"))
    assert [next(names.names(number, 0)).name for number in (1, 2)] == ["x.jsonl.zst", "x-2.jsonl.zst"]
    assert names.pattern == Path("a/x.jsonl.zst")
    assert [names.may_replace(Path(name)) for name in ("a/x.jsonl.zst", "a/x-2.jsonl.zst")] == [True, False]


def test_numbers_are_their_places() -> None:
    names = NumberedNames(Path("a/x.jsonl.zst"), 3)
    found = [next(names.names(number, 0)) for number in (3, 10_000)]
    assert [path.name for path in found] == ["x-0003.jsonl.zst", "x-10000.jsonl.zst"]
    assert [names.place_of(path) for path in found] == [(0, 3), (0, 10_000)]
    others = (
        "a/x-0003.jsonl.zst.part",
        "a/x-0003.jsonl.zst.state",
        "a/x.jsonl.zst",
        "b/x-0003.jsonl.zst",
        "a/x-00003.jsonl.zst",
    )
    assert [names.place_of(Path(other)) for other in others] == [None] * len(others)
    assert not names.may_lead_on("a", 0)
