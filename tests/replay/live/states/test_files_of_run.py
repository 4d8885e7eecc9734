"""The state after what the files of a run have."""

from __future__ import annotations

import itertools
import logging
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import rule_of
from feedrec.formats import Recording, create_recording, open_recording
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.file.growing.growing_file import begin_file
from feedrec.formats.file.names import part_path
from feedrec.formats.line.index import mark_of
from feedrec.formats.tools.states.carried_state import state_after as frames_after
from feedrec.formats.tools.states.inserting import insert_state
from feedrec.live_messages import Files
from feedrec.model import Frame, Record
from feedrec.replay.live.states.files_of_run import MissingLinesError, _opened, state_after
from feedrec.replay.live.states.run_state import RunState

from .runs import START, exchange, known, lines_of, records, run_header, write

TICKERS: list[Record] = [
    Frame(START + number, 0, b'{"type":"ticker","product_id":"A","sequence":%d,"trade_id":%d}' % (number, number))
    for number in range(9)
]


def after(finished: list[Path], growing: Path | None = None, lines: int = 0) -> RunState:
    files = Files(list(map(str, finished)), None if growing is None else str(growing), lines)
    return state_after(files, exchange(), threading.Event())


def taken(run: list[Record]) -> RunState:
    state = RunState(exchange())
    state.take(lines_of(run))
    return state


def begin_with_state(path: Path, before: Path) -> None:
    """Have a file begin with the state that the one before leads to, as `--snapshot-on-rotate` does."""
    feed = exchange()
    rules = Rules(feed.describe, rule_of(feed))
    with open_recording(path) as recording:
        header = recording.header
    frames = frames_after(before, header, lambda: feed.state(None), rules)  # type: ignore[arg-type,return-value]
    insert_state(path, frames, lambda _: rules)


def rebuild(folder: Path, run: list[Record], cuts: list[int], here: int, *, begun: bool, suffix: str) -> None:
    """Check what is known after files that a run is cut into, and a part of the one that grows, and what comes then."""
    known_until = min(here, len(run))
    bounds = [0, *sorted(min(cut, known_until) for cut in cuts)]
    finished = [
        write(folder / f"x-{part}.jsonl{suffix}", run[start:end], part)
        for part, (start, end) in enumerate(itertools.pairwise(bounds), 1)
    ]
    for before, path in itertools.pairwise(finished):
        if begun:
            begin_with_state(path, before)
    growing, rest = folder / f"x-9.jsonl{suffix}", run[bounds[-1] :]
    file = begin_file(growing, run_header(9))
    if rest:
        file.add([(line, mark_of(one)) for line, one in zip(lines_of(rest), rest, strict=True)])
    file.flush()
    state = after(finished, growing, 1 + known_until - bounds[-1])
    file.target.remove()
    assert known(state) == known(taken(run[:known_until]))
    state.take(lines_of(run[known_until:]))
    assert known(state) == known(taken(run))


SUFFIXES = st.sampled_from([".zst", ".zst", "", ".gz"])


@given(records(), st.lists(st.integers(0, 40), max_size=1), st.integers(0, 40), SUFFIXES)
def test_it_is_as_if_it_had_been_there_all_along(
    tmp_path_factory: pytest.TempPathFactory, run: list[Record], cuts: list[int], here: int, suffix: str
) -> None:
    rebuild(tmp_path_factory.mktemp("run"), run, cuts, here, begun=False, suffix=suffix)


@given(
    records(replaces=False),
    st.lists(st.integers(0, 40), min_size=2, max_size=4),
    st.integers(0, 40),
    st.booleans(),
    SUFFIXES,
)
def test_so_it_is_by_the_indexes_of_many_files(
    tmp_path_factory: pytest.TempPathFactory,
    run: list[Record],
    cuts: list[int],
    here: int,
    begun: bool,  # noqa: FBT001
    suffix: str,
) -> None:
    rebuild(tmp_path_factory.mktemp("run"), run, cuts, here, begun=begun, suffix=suffix)


def test_of_earlier_files_only_what_is_needed_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [write(tmp_path / f"x-{part}.jsonl.zst", TICKERS, part) for part in range(1, 5)]
    before = taken(TICKERS * 4)
    opened = list[str]()

    def opening(path: Path, stopped: threading.Event) -> Recording:
        opened.append(path.name)
        return _opened(path, stopped)

    monkeypatch.setattr("feedrec.replay.live.states.files_of_run._opened", opening)
    assert known(after(files)) == known(before)
    assert opened[4:] == ["x-4.jsonl.zst"]  # after a look at each, whether it is there


@pytest.mark.parametrize("begun", ["with state", ""])
def test_the_file_that_grew_may_be_finished_meanwhile_and_begin_with_the_state(tmp_path: Path, begun: str) -> None:
    before, last = write(tmp_path / "x-1.jsonl.zst", TICKERS[:4], 1), write(tmp_path / "x-2.jsonl.zst", TICKERS[4:], 2)
    if begun:
        begin_with_state(last, before)
    assert known(after([before], last, 3)) == known(taken(TICKERS[:6]))


def test_a_journal_may_have_become_parquet_meanwhile(tmp_path: Path) -> None:
    journal = tmp_path / "x.parquet.jsonl.zst"
    write(tmp_path / "x.parquet", TICKERS)
    assert known(after([], journal, 6)) == known(taken(TICKERS[:5]))
    assert known(after([journal])) == known(taken(TICKERS))


def test_lines_that_are_not_on_the_disk_yet_are_waited_for(tmp_path: Path) -> None:
    with create_recording(tmp_path / "x.jsonl.zst", run_header()) as writer:
        threading.Timer(0.01, lambda: list(map(writer.write, TICKERS))).start()
        assert known(after([], tmp_path / "x.jsonl.zst", 1 + len(TICKERS))) == known(taken(TICKERS))


def test_what_was_moved_away_is_told_once_and_nothing_before_it_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = [tmp_path / f"x-{part}.jsonl" for part in range(1, 6)]
    for part in (2, 4, 5):
        write(names[part - 1], TICKERS[:2] if part == 2 else [], part)
    with caplog.at_level(logging.WARNING):
        assert known(after(names)) == known(taken([]))
    assert "x-3.jsonl" in caplog.text
    assert caplog.text.count("\n") == 1


def test_what_is_damaged_is_told_and_nothing_before_it_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, torn = write(tmp_path / "x-1.jsonl", TICKERS[:4], 1), write(tmp_path / "x-2.jsonl", TICKERS[4:], 2)
    torn.write_bytes(torn.read_bytes()[:-9])
    last = write(tmp_path / "x-3.jsonl", TICKERS[:0], 3)
    with caplog.at_level(logging.WARNING):
        assert known(after([first, torn, last])) == known(taken([]))
    assert "x-2.jsonl" in caplog.text
    assert caplog.text.count("\n") == 1


@pytest.mark.parametrize("text", [None, b"", b"not a recording\n"])
def test_a_growing_file_that_has_not_what_it_had_is_a_failure(tmp_path: Path, text: bytes | None) -> None:
    path = tmp_path / "x.jsonl"
    if text is None:
        write(path, TICKERS)
    else:
        path.write_bytes(text)
    stopped = threading.Event()
    threading.Timer(0.02, stopped.set).start()
    with pytest.raises(MissingLinesError, match=r"x\.jsonl"):
        state_after(Files([], str(path), 99), exchange(), threading.Event() if text is None else stopped)


def test_waiting_can_be_ended(tmp_path: Path) -> None:
    stopped = threading.Event()
    with create_recording(tmp_path / "x.jsonl.zst", run_header()):
        threading.Timer(0.02, stopped.set).start()
        state_after(Files([], str(tmp_path / "x.jsonl.zst"), 99), exchange(), stopped)
    assert part_path(tmp_path / "x").name == "x.part"


def test_a_file_that_is_no_longer_of_use_is_not_read_to_its_end(tmp_path: Path) -> None:
    stopped = threading.Event()
    stopped.set()
    files = Files([str(write(tmp_path / "x.jsonl", TICKERS))], None, 0)
    state_after(files, exchange(), stopped)
