"""What files are called, and in which order their names come."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.file.names import (
    RECORDING_SUFFIXES,
    continuation_path,
    counts_as_recording,
    finished_path,
    in_rotation_order,
    is_journal,
    is_part,
    journal_path,
    later_paths,
    natural_key,
    numbered_path,
    old_paths,
    part_path,
    previous_path,
    recording_number,
    repaired_path,
    rotation_pattern,
    state_path,
    table_path,
    work_path,
)

stems = st.text("ab-_.0198*[", min_size=1, max_size=12).filter(lambda stem: stem.strip("."))
suffixes = st.sampled_from([*RECORDING_SUFFIXES, ".zst", ""])
numbers = st.one_of(st.integers(1, 99), st.integers(9_990, 10_010), st.integers(1, 10**9))


@pytest.mark.parametrize("suffix", RECORDING_SUFFIXES)
def test_the_number_stands_before_the_suffix(suffix: str) -> None:
    assert numbered_path(Path(f"a.b/c.d{suffix}"), 7) == Path(f"a.b/c.d-0007{suffix}")


@given(stems, suffixes, numbers)
def test_the_number_of_a_file_comes_back_from_its_name(stem: str, suffix: str, number: int) -> None:
    path = Path("folder", stem + suffix)
    numbered = numbered_path(path, number)
    assert numbered.parent == path.parent
    assert recording_number(path, numbered.name) == number
    assert recording_number(path, part_path(numbered).name) == number
    assert recording_number(path, path.name) is None


@given(stems, st.integers(1, 10**6))
def test_the_journal_of_a_file_has_its_number(stem: str, number: int) -> None:
    table = Path(stem + ".parquet")
    assert recording_number(table, journal_path(numbered_path(table, number)).name) == number


@pytest.mark.parametrize(
    "name", ["x-001.jsonl", "y-0001.jsonl", "x-0001-0002.jsonl", "x-0001.jsonl.state", "x-0001.jsonl.state.part"]
)
def test_other_names_have_no_number(name: str) -> None:
    assert recording_number(Path("x.jsonl"), name) is None


@given(stems, st.sampled_from(RECORDING_SUFFIXES), numbers)
def test_the_file_before_a_numbered_one_has_the_number_before(stem: str, suffix: str, number: int) -> None:
    path = Path("folder", stem + suffix)
    assert previous_path(numbered_path(path, number + 1)) == numbered_path(path, number)
    assert previous_path(numbered_path(path, 1)) is None
    continued = [path, *(continuation_path(path, number) for number in (2, 3, 4))]
    assert [previous_path(one) for one in continued[1:]] == continued[:-1]


def test_checkpoints_are_no_recording() -> None:
    name = state_path(Path("x.jsonl.zst")).name
    assert name == "x.jsonl.zst.state"
    assert not any(counts_as_recording(one, [one]) for one in (name, f"{name}.part"))


@given(stems, suffixes, numbers, numbers)
def test_numbered_names_sort_by_number(stem: str, suffix: str, one: int, other: int) -> None:
    path = Path(stem + suffix)
    names = [numbered_path(path, number).name for number in (one, other)]
    assert (natural_key(names[0]) < natural_key(names[1])) == (one < other)


@given(st.lists(st.text("a-.0129", max_size=8), unique=True))
def test_different_names_have_different_keys(names: list[str]) -> None:
    assert len({tuple(natural_key(name)) for name in names}) == len(names)


@given(stems, numbers)
def test_the_pattern_of_a_rotation_differs_from_a_name_in_the_number_alone(stem: str, number: int) -> None:
    path = Path(stem + ".jsonl.zst")
    before, after = rotation_pattern(path, number).name.rsplit("-*", 1)
    assert f"{before}-{number:04d}{after}" == numbered_path(path, number).name


def test_neighbours_of_one_rotation_come_by_number_and_all_else_as_it_was() -> None:
    given = "z.jsonl x-10000.jsonl x-9998.jsonl.part x-9999.jsonl w y-0002.parquet y-0001.parquet.jsonl.zst"
    order = "z.jsonl x-9998.jsonl.part x-9999.jsonl x-10000.jsonl w y-0001.parquet.jsonl.zst y-0002.parquet"
    paths = [*map(Path, given.split()), Path("a/y-0000.parquet")]
    assert in_rotation_order(paths) == [*map(Path, order.split()), Path("a/y-0000.parquet")]


@given(
    st.lists(st.sampled_from(["x.jsonl", "x-0001.jsonl", "x-0002.jsonl", "-0001.jsonl", "..-0001.jsonl", ".", ".."]))
)
def test_ordering_loses_and_adds_no_path(names: list[str]) -> None:
    assert sorted(in_rotation_order(map(Path, names))) == sorted(map(Path, names))


@given(stems, suffixes)
def test_the_name_of_a_part_leads_back(stem: str, suffix: str) -> None:
    path = Path("folder", stem + suffix)
    assert is_part(part_path(path))
    assert finished_path(part_path(path)) == path
    assert finished_path(path) == path


def test_a_part_is_put_aside_under_the_first_free_of_many_names() -> None:
    names = [path.name for path in itertools.islice(old_paths(Path("a/x.jsonl.part")), 3)]
    assert names == ["x.jsonl.part.old", "x.jsonl.part.old2", "x.jsonl.part.old3"]


@given(stems)
def test_a_journal_and_its_table_know_each_other(stem: str) -> None:
    table = Path("folder", stem + ".parquet")
    journal = journal_path(table)
    assert is_journal(journal)
    assert is_journal(part_path(journal))
    assert not is_journal(table)
    assert table_path(journal) == table_path(part_path(journal)) == table
    assert later_paths(part_path(journal)) == [part_path(journal), journal, table]


@pytest.mark.parametrize(
    ("name", "repaired", "in_place"),
    [
        ("x.jsonl.zst", "x.repaired.jsonl.zst", "x.jsonl.zst"),
        ("x.jsonl.zst.part", "x.jsonl.zst", "x.jsonl.zst"),
        ("x.jsonl", "x.repaired.jsonl", "x.jsonl"),
        ("x.parquet", "x.repaired.parquet", "x.parquet"),
        ("x.parquet.jsonl.zst.part", "x.parquet", "x.parquet"),
        ("x.zst", "x.repaired.jsonl.zst", "x.zst"),
        ("x", "x.repaired.jsonl.zst", "x"),
    ],
)
def test_a_repaired_recording_has_its_own_name_unless_it_replaces_the_old_one(
    name: str, repaired: str, in_place: str
) -> None:
    assert repaired_path(Path("a", name)) == Path("a", repaired)
    assert repaired_path(Path("a", name), in_place=True) == Path("a", in_place)


@pytest.mark.parametrize(
    ("name", "work"),
    [("x.jsonl.zst", "x.repairing.jsonl.zst"), ("x.parquet", "x.repairing.parquet"), ("x", "x.repairing")],
)
def test_while_a_repair_writes_the_name_says_so(name: str, work: str) -> None:
    assert work_path(Path("a", name)) == Path("a", work)
