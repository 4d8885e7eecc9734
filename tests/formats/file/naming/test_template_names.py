"""Names from templates: each leads to its time and back, none leads elsewhere, and no two files have one."""

from __future__ import annotations

import fnmatch
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.formats.file.naming.safe_names import joined_names, safe_name
from feedrec.formats.file.naming.template import RUN_FIELDS, TIME_FIELDS, parse_template
from feedrec.formats.file.naming.template_names import TemplateNames
from feedrec.model import NANOSECONDS

HOUR = 3600
AT = 1_795_698_000  # 2026-11-26T13:00:00Z
LAST = 253_402_300_799


def names_of(text: str, channel: str = "ticker", product: str = "BTC-USD") -> TemplateNames:
    values = {
        "endpoint": "raw",
        "channel": joined_names([channel], "channels"),
        "product": safe_name(product),
        "shard": "2",
    }
    return TemplateNames(parse_template(text, ".jsonl.zst"), values)


def first_names(names: TemplateNames, second: int, count: int, number: int = 1) -> list[str]:
    return [str(path) for path in islice(names.names(number, second * NANOSECONDS), count)]


LITERALS = st.sampled_from(["", "-", "x", "-2", "7", "+", "._", "[a]", "é"])
FIELDS = st.sampled_from([f"{{{name}}}" for name in (*RUN_FIELDS, *TIME_FIELDS)])
PARTS = st.lists(st.tuples(LITERALS, FIELDS, LITERALS).map("".join), min_size=1, max_size=2).map("".join)
SUFFIXES = st.sampled_from([".jsonl.zst", ".jsonl", ".jsonl.gz", ".parquet"])


@st.composite
def namings(draw: st.DrawFn) -> TemplateNames:
    path = "/".join(draw(st.lists(PARTS, min_size=1, max_size=3)))
    text = f"root/{path}{draw(SUFFIXES)}"
    if "{hour}" in text and "{date}" not in text and "{time}" not in text:
        text = text.replace("{hour}", "{date}-{hour}")
    return names_of(text, draw(st.text(max_size=20)), draw(st.text(max_size=20)))


@given(namings(), st.integers(0, LAST), st.integers(1, 30))
def test_a_name_tells_where_it_stands_and_stays_in_its_folder(names: TemplateNames, second: int, count: int) -> None:
    found = [Path(name) for name in first_names(names, second, count, number=2)]
    for number, path in enumerate(found, 1):
        place = names.place_of(path)
        assert place is not None
        assert (place[0] <= second, place[1]) == (True, number)
        assert path.parents[names.depth - 1] == Path("root") == names.folder
        assert ".." not in path.parts
        assert len(path.parts) == names.depth + 1
        assert all(names.may_lead_on(part, level) for level, part in enumerate(path.parts[1:-1]))
        assert fnmatch.fnmatchcase(str(path), str(names.pattern)) or (number > 1 and not names.tells_time)
        assert names.place_of(path.with_name(path.name + ".part")) is None
    assert len(set(found)) == count


@given(namings(), st.integers(0, LAST), st.integers(0, LAST))
def test_two_times_that_fields_tell_apart_have_two_names(names: TemplateNames, one: int, other: int) -> None:
    """And names come in the order of their times."""
    unit = {"time": 1, "hour": HOUR, "date": 24 * HOUR}
    finest = next((unit[name] for name in ("time", "hour", "date") if name in names._template.fields), None)
    paths = [next(names.names(1, second * NANOSECONDS)) for second in (one, other)]
    is_same = finest is None or one // finest == other // finest
    assert (paths[0] == paths[1]) == is_same
    places = [names.place_of(path) for path in paths]
    assert None not in places
    assert is_same or (places[0] < places[1]) == (one < other)  # type: ignore[operator]


@given(namings(), st.text(max_size=30))
def test_no_other_name_has_a_place(names: TemplateNames, text: str) -> None:
    """A name has a place only if it is made for it."""
    path = names.folder.joinpath(*text.replace("\0", "").split("/"))
    if (place := names.place_of(path)) is not None:
        assert str(path) in first_names(names, place[0], max(1, place[1]), number=2)


def test_the_name_is_that_of_the_time_in_utc() -> None:
    names = names_of("data/{endpoint}/{date}/{hour}/{channel}+{product}-{time}.jsonl.zst")
    expected = "data/raw/2026-11-26/13/ticker+BTC-USD-20261126T130000Z"
    assert first_names(names, AT, 3) == [f"{expected}.jsonl.zst", f"{expected}-2.jsonl.zst", f"{expected}-3.jsonl.zst"]
    assert str(names.pattern) == "data/raw/*/*/ticker+BTC-USD-*.jsonl.zst"


def test_a_name_without_time_is_one_name_until_it_goes_on() -> None:
    names = names_of("{channel}.jsonl")
    assert first_names(names, AT, 3) == ["ticker.jsonl"]
    assert first_names(names, AT, 2, number=2) == ["ticker.jsonl", "ticker-2.jsonl"]


@pytest.mark.parametrize("name", ["2026-02-30.jsonl", "2026-11-26-1.jsonl", "2026-11-26-02.jsonl", "x.jsonl"])
def test_what_only_looks_like_a_name_has_no_place(name: str) -> None:
    assert names_of("{date}.jsonl").place_of(Path(name)) is None


def test_fields_that_contradict_each_other_are_no_name() -> None:
    names = names_of("{date}/{time}.jsonl")
    assert names.place_of(Path("2026-11-26/20261126T130000Z.jsonl")) == (AT, 1)
    assert names.place_of(Path("2026-11-25/20261126T130000Z.jsonl")) is None


def test_what_is_numbered_as_it_is_taken_is_not_meant_to_be_replaced() -> None:
    names = names_of("{date}.jsonl")
    assert names.may_replace(Path("2026-11-26.jsonl"))
    assert not names.may_replace(Path("2026-11-26-2.jsonl"))


def test_a_naming_moves_with_its_folder() -> None:
    moved = names_of("data/{date}.jsonl").moved_to(Path("other"))
    assert moved.place_of(Path("other/2026-11-26.jsonl"))
    assert not moved.place_of(Path("data/2026-11-26.jsonl"))


def test_a_name_that_no_file_system_takes_is_refused() -> None:
    with pytest.raises(UsageError, match="is too long for the name of a file"):
        names_of("{channel}" * 4 + ".jsonl", "x" * 80)
    with pytest.raises(UsageError, match="is too long for the name of a file"):
        names_of("x" * 256 + "{date}/x.jsonl")
