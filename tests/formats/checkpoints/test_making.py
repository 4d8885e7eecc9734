"""A checkpoint and the rest are what everything is, wherever it is; and the recording stays as it was."""

from __future__ import annotations

import itertools
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.errors import CorruptRecordingError
from feedrec.formats.checkpoints.chain import ChainedFile, Start, chain_of
from feedrec.formats.checkpoints.identity import identity_of
from feedrec.formats.checkpoints.making import make_checkpoints
from feedrec.formats.checkpoints.source import Spacing, StateRules
from feedrec.formats.checkpoints.state_file import StateFile, open_state
from feedrec.formats.checkpoints.state_layout import Checkpoint
from feedrec.formats.file.names import part_path, state_path

from .sums import RULES, Step, state_after, write

MIB = 1 << 20

steps_of_any_kind = st.lists(
    st.tuples(
        st.sampled_from(["snapshot", "update", "update", "update", "event", "other"]),
        st.sampled_from(["A", "B"]),
        st.integers(0, 99),
    ),
    min_size=1,
    max_size=40,
)


def spaced(least: int, times: int = 0) -> Spacing:
    return Spacing(least, times)


def make(path: Path, least: int = MIB // 2, rules: StateRules = RULES) -> int:
    return make_checkpoints(path, rules, spacing=lambda: spaced(least), least=least)


def opened(path: Path) -> StateFile:
    state = open_state(state_path(path))
    assert state is not None
    return state


def loaded(state: StateFile, one: Checkpoint) -> dict[tuple[str, str], bytes]:
    return {(blob.channel, blob.product): state.read(blob) for blob in one.blobs}


def dumped(steps: Sequence[Step]) -> dict[tuple[str, str], bytes]:
    state = state_after(steps)
    return {key: found for key in state.values if (found := state.dump(*key)) is not None}


def checkpoints_of(path: Path) -> Iterator[tuple[Checkpoint, dict[tuple[str, str], bytes]]]:
    with opened(path) as state:
        for one in state.directory.checkpoints:
            yield one, loaded(state, one)


UPDATES: list[Step] = [("update", "A", number) for number in range(1, 40)]
STEPS: list[Step] = [("snapshot", "A", 1), ("snapshot", "B", 2), *UPDATES]


@settings(max_examples=30)
@given(steps=steps_of_any_kind, least=st.integers(1, 3 * MIB))
def test_a_checkpoint_has_what_everything_before_it_leads_to(
    steps: list[Step], least: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("made") / "a.jsonl.zst", steps)
    if make(path, least):
        for one, states in checkpoints_of(path):
            assert states == dumped(steps[: one.lines])
    else:
        assert not state_path(path).exists()


@settings(max_examples=20)
@given(
    steps=steps_of_any_kind, cuts=st.lists(st.integers(0, 40), min_size=1, max_size=4), least=st.integers(1, 3 * MIB)
)
def test_the_state_of_a_file_goes_on_in_the_next_one(
    steps: list[Step], cuts: list[int], least: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where nothing was made for those before, it is the same as where something was."""
    folder = tmp_path_factory.mktemp("parts")
    bounds = sorted({0, *(cut for cut in cuts if cut < len(steps)), len(steps)})
    paths = []
    for number, (first, last) in enumerate(itertools.pairwise(bounds), 1):
        path = folder / f"a-{number:04d}.jsonl.zst"
        paths.append((write(path, steps[first:last], first=first, part=number), first))
    for path, first in paths:
        if make(path, least):
            for one, states in checkpoints_of(path):
                assert states == dumped(steps[: first + one.lines])
    identities = [identity_of(path) for path, _ in paths]
    for number, (path, _) in enumerate(paths):
        if state_path(path).exists():
            with opened(path) as state:
                before = state.directory.before
                assert before == identities[:number][::-1][: len(before)]
                assert len(before) == max(blob.since for one in state.directory.checkpoints for blob in one.blobs)


def test_the_recording_stays_as_it_was_and_its_mode_is_theirs(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.zst", STEPS)
    path.chmod(0o640)
    before = path.read_bytes()
    assert make(path) > 3
    assert path.read_bytes() == before
    assert stat.S_IMODE(state_path(path).stat().st_mode) == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.jsonl.zst", "a.jsonl.zst.state"]


def test_there_is_one_when_the_text_since_the_last_exceeds_both_limits(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.zst", STEPS)
    assert make(path, 4 * MIB) == 3
    ends = [one.lines for one, _ in checkpoints_of(path)]
    assert make_checkpoints(path, RULES, spacing=lambda: spaced(4 * MIB, 10**9), least=MIB) == 0
    assert make_checkpoints(path, RULES, spacing=lambda: spaced(1, 4 * MIB // 20), least=MIB) > 1
    assert all(after - before >= 10 for before, after in zip([0, *ends], ends, strict=False))


def test_a_small_recording_has_none_and_is_not_read_for_that(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.zst", STEPS)
    data = bytearray(path.read_bytes())
    data[2000] ^= 1
    path.write_bytes(data)
    assert make_checkpoints(path, RULES) == 0
    with pytest.raises(CorruptRecordingError):
        make(path)
    assert sorted(tmp_path.iterdir()) == [path]


def test_what_is_no_longer_due_is_removed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.zst", STEPS)
    assert make(path)
    assert make_checkpoints(path, RULES) == 0
    assert not state_path(path).exists()


def test_what_cannot_have_any_has_none(tmp_path: Path) -> None:
    """A recording without an index, and one that is not finished."""
    plain, part = write(tmp_path / "a.jsonl", STEPS), write(tmp_path / "b.jsonl.zst", STEPS)
    part = part.rename(part_path(part))
    assert [make(plain), make(part)] == [0, 0]
    assert sorted(tmp_path.iterdir()) == [plain, part]


def test_without_a_snapshot_there_is_nothing_to_write(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.zst", UPDATES)
    assert make(path) == 0
    assert not state_path(path).exists()


def test_through_a_link_they_are_beside_the_recording_itself(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = write(tmp_path / "data" / "a.jsonl.zst", STEPS)
    link = tmp_path / "link.jsonl.zst"
    link.symlink_to(path)
    assert make(link)
    assert state_path(path).exists()
    assert not state_path(link).exists()


class Parts:
    """Three files of one recording."""

    def __init__(self, folder: Path, **names: str) -> None:
        for name in names.values():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        self.paths = [
            write(folder / names.get(f"n{part}", f"a-{part:04d}.jsonl.zst"), steps, first=first, part=part)
            for part, first, steps in ((1, 0, STEPS[:20]), (2, 20, STEPS[20:30]), (3, 30, STEPS[30:]))
        ]

    def chain(self) -> list[str]:
        start = chain_of(self.paths[-1], RULES.kind)
        assert start is not None
        return [file.path.name for file in start.files]


def test_the_way_back_ends_where_there_are_checkpoints(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    assert parts.chain() == ["a-0001.jsonl.zst", "a-0002.jsonl.zst", "a-0003.jsonl.zst"]
    assert make(parts.paths[1])
    assert parts.chain() == ["a-0002.jsonl.zst", "a-0003.jsonl.zst"]
    start = chain_of(parts.paths[-1], RULES.kind)
    assert start is not None
    assert start.before_last == [identity_of(parts.paths[1]), identity_of(parts.paths[0])]
    assert start.text < sum(file.text for file in start.files)


def test_a_file_that_continues_after_an_error_of_the_disk_follows_too(tmp_path: Path) -> None:
    parts = Parts(tmp_path, n1="a.jsonl.zst", n2="a-2.jsonl.zst", n3="a-3.jsonl.zst")
    assert parts.chain() == ["a.jsonl.zst", "a-2.jsonl.zst", "a-3.jsonl.zst"]


def test_files_of_a_template_are_found_in_their_folders(tmp_path: Path) -> None:
    """What other runs have recorded meanwhile is left out."""
    days = ("2026-11-25/23", "2026-11-26/00", "2026-11-26/01")
    parts = Parts(tmp_path, **{f"n{part}": f"{day}/a-{part}{part}Z.jsonl.zst" for part, day in enumerate(days, 1)})
    write(tmp_path / days[1] / "a-23Z.jsonl.zst", STEPS, part=7)
    write(tmp_path / days[1] / "b-22Z.jsonl.zst", STEPS, part=2)
    (tmp_path / days[2] / "a-32Z.jsonl.zst").write_bytes(b"bad!")
    assert parts.chain() == ["a-11Z.jsonl.zst", "a-22Z.jsonl.zst", "a-33Z.jsonl.zst"]


@pytest.mark.parametrize("spoil", ["remove", "another", "unfinished", "overlap"])
def test_the_way_back_ends_before_what_does_not_belong(tmp_path: Path, spoil: str) -> None:
    parts = Parts(tmp_path)
    middle = parts.paths[1]
    middle.unlink()
    if spoil == "another":
        write(middle, STEPS[20:30], first=20, part=7)
    elif spoil == "unfinished":
        write(middle, STEPS[20:30], first=20, part=2).rename(part_path(middle))
    elif spoil == "overlap":
        write(middle, STEPS[20:30], first=60, part=2)
    assert parts.chain() == ["a-0003.jsonl.zst"]


def test_checkpoints_of_another_version_or_file_are_not_gone_on_from(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    make(parts.paths[1], rules=RULES._replace(kind="sums 0"))
    assert len(parts.chain()) == 3
    make(parts.paths[0])
    state_path(parts.paths[0]).rename(state_path(parts.paths[1]))
    assert len(parts.chain()) == 3


def test_a_damaged_checkpoint_is_not_gone_on_from(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    make(parts.paths[1])
    place = state_path(parts.paths[1])
    data = bytearray(place.read_bytes())
    data[-30] ^= 1
    place.write_bytes(data)
    assert len(parts.chain()) == 3


def test_a_start_says_how_much_there_is_to_read(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    start = chain_of(parts.paths[-1], RULES.kind)
    assert isinstance(start, Start)
    assert all(isinstance(file, ChainedFile) for file in start.files)
    assert start.text == sum(block.text for file in start.files for block in file.index.blocks)
    assert start.checkpoint is None
