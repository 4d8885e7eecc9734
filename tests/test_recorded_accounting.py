"""The accounting of `make soak` of whole files: what is not in them is found, unless they name it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from feedrec.formats import create_recording
from feedrec.model import Event, Frame, Header, Record
from soak.accounting import Tally
from soak.fickle_feed import body, numbered_in
from soak.ledger import LedgerFile, digest_of
from soak.left_undone import left_undone
from soak.recorded import FilesAccount, Interval, account_of
from soak.recorders import Kill

SECOND = 1_000_000_000
WALL = 1_795_280_400 * SECOND
"""The wall clock when the steady one says 0."""


def payload(number: int, name: str = "x-0001") -> bytes:
    template = body(number, "BTC-USD")[1]
    return template % (name.encode(), number, b"2026-11-26T17:00:00Z", number, number)


def note(folder: Path, count: int, name: str = "x-0001", start: int = SECOND) -> None:
    """Note that so many frames were sent, one each 10 ms."""
    folder.mkdir(exist_ok=True)
    ledger = LedgerFile(folder / name)
    for number in range(count):
        ledger.note(digest_of(payload(number, name)), number, start + number * 10_000_000)
    ledger.close()


def frames(numbers: range, late: int = 1000, name: str = "x-0001", conn: int = 0) -> list[Record]:
    return [Frame(WALL + SECOND + n * 10_000_000 + late, conn, payload(n, name)) for n in numbers]


def write(path: Path, records: Sequence[Record], created: int = WALL, shift: int = 0) -> Path:
    """Write a file of a run, whose wall clock is ahead of what the lines say by `shift`."""
    writer = create_recording(path, Header("coinbase-advanced", created=created))
    writer.write(Event(records[0].time + shift, 0, "clock", {"wall": WALL + shift, "monotonic": 0}))
    for record in records:
        writer.write(msgspec.structs.replace(record, time=record.time + shift))
    return writer.finish()


CLOSE = Event(WALL + 3 * SECOND, 0, "close", {"code": 1006, "reason": ""})


def account(
    folder: Path, files: Sequence[Path], kills: Sequence[Kill] = (), excused: Sequence[Interval] = ()
) -> tuple[FilesAccount, Tally]:
    tally = Tally()
    return account_of(files, FilesAccount(folder / "ledgers", "x", kills, excused, tally)), tally


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with the notes of 100 frames of one connection."""
    note(tmp_path / "ledgers", 100)
    return tmp_path


def test_the_files_of_a_run_account_for_it_together(folder: Path) -> None:
    """So do those of a run whose wall clock is elsewhere."""
    for number, shift in enumerate((0, -7 * SECOND)):
        files = [
            write(folder / f"{number}-1.jsonl", frames(range(40)), shift=shift),
            write(folder / f"{number}-2.jsonl", [*frames(range(40, 90)), CLOSE], shift=shift),
        ]
        done, tally = account(folder, files)
        assert tally.wrong == []
        assert (tally.sent, tally.recorded, tally.closed, tally.is_complete) == (100, 90, 10, True)
        assert done.close_spans == [3 * SECOND - (SECOND + 900_000_000)]
        assert (done.earliest, done.latest) == (0, 1000)


def test_a_file_that_is_missing_is_found(folder: Path) -> None:
    write(folder / "1.jsonl", frames(range(40)))
    files = [folder / "1.jsonl", write(folder / "3.jsonl", [*frames(range(50, 100)), CLOSE])]
    assert account(folder, files)[1].faults == 10


def test_a_file_that_is_there_twice_is_found(folder: Path) -> None:
    files = [write(folder / "1.jsonl", frames(range(40))), write(folder / "2.jsonl", [*frames(range(40, 100)), CLOSE])]
    assert account(folder, [files[0], files[0], files[1]])[1].faults == 40


def kill(folder: Path, time: int, received: int, run: str = "x", apart: int = 10_000_000) -> Kill:
    """Note that so many frames had been received, one each 10 ms."""
    notes = folder / f"{time}.notes"
    notes.write_bytes(struct.pack(f"={received + 1}q", *(SECOND + n * apart for n in range(received)), 0))
    return Kill(time, run, notes)


def test_a_kill_names_what_is_missing_after_the_last_line_and_how_long_that_took_to_come(folder: Path) -> None:
    """Without one, the frames are unaccounted for; while the disk takes nothing, it does not count how long."""
    file = write(folder / "1.jsonl", frames(range(40)))
    assert account(folder, [file])[1].faults == 60
    then = kill(folder, 2 * SECOND, 90)
    done, tally = account(folder, [file], [then])
    assert (tally.is_complete, tally.killed, done.kill_spans) == (True, 60, [490_000_000])
    done, tally = account(folder, [file], [then], [Interval(then.time - 1, then.time + 1)])
    assert (tally.is_complete, done.kill_spans) == (True, [])
    assert account(folder, [file], [kill(folder, 2 * SECOND, 40)])[0].kill_spans == []
    assert account(folder, [file], [kill(folder, 2 * SECOND, 39)])[1].faults == 1  # more than it had received


def test_one_kill_ends_one_run(folder: Path) -> None:
    note(folder / "ledgers", 50, "x.1-0002")
    note(folder / "ledgers", 50, "x.2-0003")
    files = [write(folder / "0.jsonl", [*frames(range(100)), CLOSE])]
    files.append(write(folder / "1.jsonl", frames(range(40), name="x.1-0002"), created=WALL + 1))
    files.append(write(folder / "2.jsonl", frames(range(40), SECOND, "x.2-0003"), created=WALL + 2))
    first, second = (kill(folder, (number + 1) * SECOND, 40, f"x.{number}") for number in (1, 2))
    assert account(folder, files, [first])[1].faults == account(folder, files, [second])[1].faults == 10
    assert account(folder, files, [first, second])[1].is_complete


def test_a_file_that_was_just_begun_when_its_recorder_was_killed_has_nothing(folder: Path) -> None:
    """One that is finished has something; so does one that was not just begun."""
    whole = write(folder / "1.jsonl", [*frames(range(100)), CLOSE])
    begun, cut = folder / "2.jsonl.part", folder / "3.jsonl.part"
    begun.touch()
    cut.write_bytes(whole.read_bytes()[:20])
    assert account(folder, [whole, begun, cut])[1].is_complete
    (folder / "2.jsonl").touch()
    assert account(folder, [whole, folder / "2.jsonl"])[1].faults == 1
    begun.write_bytes(b"something else\n")
    assert account(folder, [whole, begun])[1].faults == 1


def short_lived(folder: Path, first: int = 5 * SECOND, name: str = "x.1-0002") -> Path:
    """Note 30 frames of a connection of which there is nothing; return the file of another run, which is whole."""
    note(folder / "ledgers", 30, name, first)
    return write(folder / "1.jsonl", [*frames(range(100)), CLOSE])


def test_a_connection_of_which_there_is_nothing_is_found(folder: Path) -> None:
    """Unless its own run was killed before it had to be on the disk."""
    file = short_lived(folder)
    soon = 5_500_000_000
    assert account(folder, [file])[1].wrong == ["connection x.1-0002: nothing of 30 frames is recorded"]
    assert account(folder, [file], [kill(folder, soon, 0, "x.2")])[1].faults == 30
    tally = account(folder, [file], [kill(folder, soon, 0, "x.1")])[1]
    assert (tally.is_complete, tally.killed) == (True, 30)
    late = kill(folder, 16 * SECOND, 0, "x.1")
    assert account(folder, [file], [late])[1].faults == 30
    assert account(folder, [file], [late], [Interval(late.time - 1, late.time + 1)])[1].is_complete


@pytest.mark.parametrize("late", [SECOND + 200_000_000, 3 * SECOND], ids=["by a little", "by seconds"])
def test_what_was_sent_more_than_a_second_before_a_kill_and_never_received_is_not_lost_by_the_recorder(
    folder: Path, late: int
) -> None:
    """As where a machine with other work has let it wait: it would have been read."""
    file = short_lived(folder)
    done, tally = account(folder, [file], [kill(folder, 5 * SECOND + late, 0, "x.1")])
    assert (tally.wrong, tally.is_complete, done.kill_spans) == ([], True, [])


@pytest.mark.parametrize("after", [1, 20_000_000, 3 * SECOND], ids=["at once", "a moment later", "seconds later"])
def test_a_venue_that_answers_one_who_was_just_killed_has_lost_nothing_by_it(folder: Path, after: int) -> None:
    """It hears the subscriptions first, and only then that the client is gone; the next kill is of another run."""
    file = short_lived(folder)
    kills = [kill(folder, 5 * SECOND - after, 0, "x.1"), kill(folder, 12 * SECOND, 0, "x.2")]
    tally = account(folder, [file], kills)[1]
    assert (tally.wrong, tally.is_complete, tally.killed) == ([], True, 30)


def test_what_a_run_had_received_of_which_there_is_nothing_counts_as_lost_by_its_kill(folder: Path) -> None:
    """For as long as that was: a second at most may be."""
    file = short_lived(folder)
    done, tally = account(folder, [file], [kill(folder, 6 * SECOND, 30, "x.1")])
    assert (tally.is_complete, done.kill_spans) == (True, [290_000_000])
    done, _ = account(folder, [file], [kill(folder, 6 * SECOND, 30, "x.1", apart=50_000_000)])
    assert done.kill_spans == [1_450_000_000]


def test_a_connection_of_which_there_is_nothing_though_a_later_one_is_there_is_found(folder: Path) -> None:
    """A kill takes what came last."""
    file = short_lived(folder)
    note(folder / "ledgers", 50, "x.1-0003", 6 * SECOND)
    later = write(folder / "2.jsonl", frames(range(40), 5 * SECOND, "x.1-0003"), created=WALL + 1)
    assert account(folder, [file, later], [kill(folder, 7 * SECOND, 45, "x.1")])[1].faults == 30


def bare(time: int, *names: str, conn: int = 1) -> list[Record]:
    return [Event(WALL + time, conn, name, {"code": 1006}) for name in names]


OPENED = {
    "just before": (bare(5 * SECOND, "open", "close"), 0),
    "long before, as the venue was late": (bare(2 * SECOND, "open", "close"), 0),
    "after it": (bare(6 * SECOND, "open", "close"), 30),
    "and never closed": (bare(5 * SECOND, "open"), 30),
}


@pytest.mark.parametrize(("events", "faults"), OPENED.values(), ids=OPENED)
def test_a_connection_that_was_opened_and_closed_without_a_frame_explains_one_that_was_sent_something_later(
    folder: Path, events: list[Record], faults: int
) -> None:
    note(folder / "ledgers", 30, "x-0002", 5 * SECOND)
    done, tally = account(folder, [write(folder / "1.jsonl", [*frames(range(100)), CLOSE, *events])])
    assert (tally.faults, tally.is_complete) == (faults, not faults)
    assert done.closes == 1 + sum(isinstance(one, Event) and one.name == "close" for one in events)


def test_a_connection_without_a_frame_explains_one_other(folder: Path) -> None:
    for number in (2, 3):
        note(folder / "ledgers", 30, f"x-000{number}", number * SECOND)
    whole = [*frames(range(100)), CLOSE, *bare(SECOND, "open", "close")]
    assert account(folder, [write(folder / "1.jsonl", whole)])[1].faults == 30
    both = [*whole, *bare(SECOND, "open", "close", conn=2)]
    assert account(folder, [write(folder / "2.jsonl", both)])[1].is_complete
    late = [*whole, *bare(2 * SECOND, "open", "close", conn=2)]
    assert account(folder, [write(folder / "3.jsonl", late)])[1].is_complete


def test_a_stamp_that_is_before_the_frame_was_sent_is_found(folder: Path) -> None:
    file = write(folder / "1.jsonl", [*frames(range(100), late=-6_000_000), CLOSE])
    done, tally = account(folder, [file])
    assert (done.earliest, tally.faults) == (-6_000_000, 100)


def test_frames_of_another_connection_and_of_none_are_found(folder: Path) -> None:
    note(folder / "ledgers", 50, "x-0002")
    mixed = [*frames(range(50)), *frames(range(50), name="x-0002"), *frames(range(50, 100)), CLOSE]
    assert account(folder, [write(folder / "1.jsonl", mixed)])[1].faults == 100  # neither are those of the other there
    odd = [*frames(range(100)), Frame(WALL + 2 * SECOND, 0, b"{}"), CLOSE]
    assert account(folder, [write(folder / "2.jsonl", odd)])[1].wrong[0].endswith("was never sent")


def test_a_frame_says_whose_it_is() -> None:
    assert numbered_in(payload(17, "steady-0003")) == ("steady-0003", 17)
    with pytest.raises(ValueError, match="not found"):
        numbered_in(b'{"channel":"level2"}')


def test_a_file_that_is_not_finished_or_not_copied_is_found(folder: Path) -> None:
    """But not one of which a kill has left less than a header."""
    shipped = folder / "shipped"
    shipped.mkdir()
    whole = write(folder / "mortal-1.jsonl", frames(range(10))).read_bytes()
    assert list(left_undone(folder, shipped, ["mortal"])) == ["mortal-1.jsonl"]
    (shipped / "mortal-1.jsonl").write_bytes(whole)
    assert list(left_undone(folder, shipped, ["mortal"])) == []
    (shipped / "mortal-1.jsonl").write_bytes(whole[:-1])
    assert list(left_undone(folder, shipped, ["mortal"])) == ["mortal-1.jsonl"]
    (shipped / "mortal-1.jsonl").write_bytes(whole)
    for content in (b"", whole[:20], whole):
        (folder / "mortal-2.jsonl.part").write_bytes(content)
        (folder / "mortal-2.jsonl.pending").touch()
        left = ["mortal-2.jsonl.part", "mortal-2.jsonl.pending"]
        assert list(left_undone(folder, shipped, ["steady"])) == left
        assert list(left_undone(folder, shipped, ["mortal"])) == (left if content == whole else [])
    (folder / "mortal-2.jsonl.part").unlink()
    assert list(left_undone(folder, shipped, ["mortal"])) == ["mortal-2.jsonl.pending"]
