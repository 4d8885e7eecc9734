"""What is found out of recordings without reading them."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from feedrec.errors import PlaceError
from feedrec.formats import create_recording
from feedrec.formats.catalogue import looking
from feedrec.formats.catalogue.entry import Entry
from feedrec.formats.catalogue.listing import Found, recording_at, recordings_in
from feedrec.formats.catalogue.looking import look_at, look_at_all
from feedrec.formats.line.steady_clock import SteadyClock
from feedrec.formats.places.url_path import place_of
from feedrec.formats.several.inputs import inspect_index
from feedrec.formats.tools.summary import Activity, summarise_unread
from feedrec.model import Header

from ...timing import scaled
from .hourly import at, run, write

if TYPE_CHECKING:
    from tests.object_server import Bucket


def test_a_finished_recording_says_what_is_in_it(tmp_path: Path) -> None:
    for suffix in (".jsonl.zst", ".parquet"):
        path = run(tmp_path / suffix, 2, suffix=suffix)[1]
        entry = look_at(recording_at(path))
        assert (entry.state, entry.endpoint, entry.part, entry.is_known) == ("finished", "coinbase-advanced", 2, True)
        assert (entry.begin, entry.end, entry.first_time) == (at(1), at(1) + 120 * 10**9, at(1) + 60 * 10**9)
        assert [(one.channel, one.product, one.frames) for one in entry.channels] == [
            ("level2", "BTC-USD", 1),
            ("heartbeats", "", 1),
        ]
        assert (entry.frames, entry.gaps, entry.size) == (2, 0, path.stat().st_size)


def test_one_that_has_no_summary_is_said_to_have_none(tmp_path: Path) -> None:
    """Its header is known, and when it begins."""
    entry = look_at(recording_at(run(tmp_path, 1, suffix=".jsonl")[0]))
    assert (entry.state, entry.endpoint, entry.begin, entry.frames) == ("no summary", "coinbase-advanced", at(0), None)


def test_a_web_server_is_asked_with_the_query(bucket: Bucket) -> None:
    """It may be a signature, without which nothing is given."""
    queries = []

    def answer(environment: dict[str, Any]) -> None:
        queries.append(environment["QUERY_STRING"])

    bucket.server.answer = answer
    with contextlib.suppress(PlaceError):  # moto knows no such signature
        recording_at(place_of(f"{bucket.server.url}/x.jsonl.zst?Signature=abc"))
    assert set(queries) == {"Signature=abc"}


def test_one_that_is_being_written_and_one_that_was_left_are_told_apart(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "live.jsonl.zst", Header("raw", created=7))
    writer.flush()
    part = tmp_path / "left.jsonl.zst.part"
    part.write_bytes(run(tmp_path / "other", 1)[0].read_bytes())
    entries = look_at_all(recordings_in(tmp_path), {}).entries
    assert {entry.path: (entry.state, entry.endpoint) for entry in entries} == {
        "left.jsonl.zst.part": ("unfinished", "coinbase-advanced"),
        "live.jsonl.zst.part": ("being written", "raw"),
    }
    writer.discard()


def test_what_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl.zst").write_bytes(b"not a recording")
    run(tmp_path, 2)
    looked = look_at_all(recordings_in(tmp_path), {})
    assert [entry.state for entry in looked.entries] == ["unreadable", "finished", "finished"]
    assert looked.entries[0].problem
    assert look_at(recording_at(tmp_path / "gone.jsonl")).problem == "no such file"


def test_only_what_changed_is_opened_again(tmp_path: Path) -> None:
    paths = run(tmp_path, 3)
    first = look_at_all(recordings_in(tmp_path), {})
    known = {entry.path: entry for entry in first.entries}
    assert look_at_all(recordings_in(tmp_path), known) == (first.entries, 0)
    write(paths[1], [], 2)
    again = look_at_all(recordings_in(tmp_path), known)
    assert again.looked_at == 1
    assert (again.entries[1].frames, again.entries[0]) == (0, first.entries[0])


def test_many_are_looked_at_in_their_order_and_some_at_a_time(tmp_path: Path) -> None:
    run(tmp_path, 9)
    done: list[tuple[int, int]] = []
    looked = look_at_all(recordings_in(tmp_path), {}, lambda *of: done.append(of), at_once=3)
    assert [entry.part for entry in looked.entries] == [*range(1, 10)]
    assert done == [(number, 9) for number in range(1, 10)]


def test_its_figures_are_those_of_info(tmp_path: Path) -> None:
    path = run(tmp_path, 1)[0]
    one = inspect_index(path)
    assert one is not None
    summary = summarise_unread(one, Activity(), SteadyClock())
    entry = look_at(recording_at(path))
    assert summary is not None
    for name in ("frames", "bytes", "sent", "requests", "connections", "gaps", "missing", "first_time", "last_time"):
        assert getattr(entry, name) == getattr(summary, name), name
    assert entry.text_bytes == summary.text_size


def test_no_more_are_opened_at_a_time_than_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, 8)
    look, lock = looking.look_at, threading.Lock()
    together, now, most = threading.Barrier(3), 0, 0

    def counted(found: Found) -> Entry:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(timeout=scaled(0.2))  # until there are three, as long as there are as many
        with lock:
            now -= 1
        return look(found)

    monkeypatch.setattr(looking, "look_at", counted)
    looked = look_at_all(recordings_in(tmp_path), {}, at_once=3)
    assert (most, looked.looked_at) == (3, 8)
