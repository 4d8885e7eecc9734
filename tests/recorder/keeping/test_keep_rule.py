"""The oldest files go, as many as must, and none that is held."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from feedrec.recorder.keeping.keep_rule import Keep, KeptFile, remove_oldest

FILES = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.booleans()), max_size=12).map(
    lambda rows: [KeptFile(end, (0, n), size, Path(str(n)), held) for n, (end, size, held) in enumerate(rows)]
)
KEEPS = st.builds(Keep, st.none() | st.integers(0, 20), st.none() | st.integers(0, 100))


def removed(files: list[KeptFile], keep: Keep, now: int, stuck: frozenset[Path] = frozenset()) -> list[KeptFile]:
    found: list[KeptFile] = []

    def remove(file: KeptFile, _is_old: bool) -> bool:  # noqa: FBT001  as it is told
        if file.path in stuck:
            return False
        found.append(file)
        return True

    remove_oldest(files, keep, now, remove)
    return found


@given(FILES, KEEPS, st.integers(0, 40))
def test_what_goes_is_old_or_too_much(files: list[KeptFile], keep: Keep, now: int) -> None:
    gone = removed(files, keep, now)
    left = sorted(file for file in files if file not in gone)
    assert gone == sorted(gone)
    assert not any(file.is_held for file in gone)
    old = [file for file in files if keep.nanoseconds is not None and file.end < now - keep.nanoseconds]
    assert {file for file in old if not file.is_held} <= set(gone)
    if keep.size is None:
        assert set(gone) <= set(old)
        return
    newest = max(files, default=None)
    may_go = [file for file in left if not file.is_held and file is not newest]
    assert sum(file.size for file in left) <= keep.size or may_go == []
    for file in gone:  # none goes that need not
        later = [one for one in files if one >= file]
        kept_before = [one for one in files if one < file and one not in gone]
        assert file in old or sum(one.size for one in [*later, *kept_before]) > keep.size


def test_a_file_that_cannot_be_removed_still_takes_its_room() -> None:
    files = [KeptFile(end, (0, end), 10, Path(str(end))) for end in range(4)]
    assert removed(files, Keep(size=20), 9, frozenset({Path("0")})) == files[1:3]


def test_the_latest_file_stays_however_large() -> None:
    files = [KeptFile(1, (0, 1), 10, Path("1"))]
    assert removed(files, Keep(size=1), 9) == []
    assert removed(files, Keep(nanoseconds=1), 9) == files
