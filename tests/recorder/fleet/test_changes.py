"""From the feeds that there were to those that there shall be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.recorder.fleet.changes import changes_between

tables = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 2))


@given(tables, tables, st.sets(st.sampled_from("abcde")))
def test_carrying_the_changes_out_leads_from_the_old_table_to_the_new_one(
    old: dict[str, int], new: dict[str, int], given_up: set[str]
) -> None:
    """And touches nothing that is the same in both, unless it was left."""
    left = given_up & old.keys()
    changes = changes_between(old, new, left)
    running = {name: plan for name, plan in old.items() if name not in left}
    for name in changes.ended:
        running.pop(name, None)
    for name in changes.changed:
        assert running.pop(name) != new[name]
    for name in (*changes.begun, *changes.changed):
        assert name not in running
        running[name] = new[name]
    assert running == new
    assert all(old[name] == new[name] for name in changes.kept)
    assert sorted([*changes.begun, *changes.changed, *changes.kept]) == sorted(new)


def test_a_line_names_what_changes_and_counts_the_rest() -> None:
    changes = changes_between({"a": 1, "b": 1, "c": 1, "d": 1}, {"a": 1, "b": 2, "d": 1, "e": 1, "f": 1})
    assert str(changes) == "begun e, f; ended c; changed b; 2 kept"
    assert str(changes_between({"a": 1}, {"a": 1})) == "1 kept"
