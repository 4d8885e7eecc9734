"""Where outputs are made, and what is left of dead workers."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from feedrec.batch import workplace as module
from feedrec.batch.workplace import sweep, workplace
from feedrec.errors import WriteError
from feedrec.formats.places.url_path import place_of


@pytest.fixture(params=["folder", "bucket"])
def destination(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a destination, here or as a URL; the temporary folder of this machine is empty."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path if request.param == "folder" else place_of("s3://bucket/made")


def test_it_is_gone_afterwards_with_all_that_is_in_it(destination: Path) -> None:
    with workplace(destination) as work:
        (work / "deep" / "er").mkdir(parents=True)
    assert list(work.parent.iterdir()) == []


def test_what_a_dead_worker_left_is_removed_and_nothing_else(destination: Path) -> None:
    """What a living one has stays, and so does what others called nearly alike."""
    with workplace(destination) as held, workplace(destination) as other:
        left = other.with_name(f"{other.name}left")
        left.mkdir()
        (left / "made").write_text("half")
        stranger = other.with_name("workshop")
        stranger.mkdir()
        assert sweep(destination) == 1
        assert (left.exists(), held.exists(), other.exists(), stranger.exists()) == (False, True, True, True)
    assert sweep(destination) == 0


def test_what_another_machine_left_is_removed_when_it_is_old(
    destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock may be of one machine alone: what was touched lately is another machine's to remove."""
    with workplace(destination) as work:
        left = work.with_name(f"{work.name}left")
        left.mkdir()
        (left / "made").write_text("half")
        monkeypatch.setattr("socket.gethostname", lambda: "another")
        assert (sweep(destination), left.exists()) == (0, True)
        for path in (left / "made", left):
            os.utime(path, (time.time() - 601, time.time() - 601))
        assert (sweep(destination), left.exists(), work.exists()) == (1, False, True)


def test_where_nothing_can_be_locked_only_what_is_a_day_old_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_descriptor: int) -> None:
        raise OSError

    with workplace(tmp_path) as work:
        left = work.with_name(f"{work.name}left")
        left.mkdir()
        monkeypatch.setattr(module, "lock", none)
        assert sweep(tmp_path) == 0
        os.utime(left, (time.time() - 86_401, time.time() - 86_401))
        assert (sweep(tmp_path), left.exists(), work.exists()) == (1, False, True)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with workplace(tmp_path) as work:
        work.with_name(f"{work.name}link").symlink_to(tmp_path / "mine")
        assert sweep(tmp_path) == 0
    assert (tmp_path / "mine").exists()


def test_where_none_can_be_made_a_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="no folder to work in can be made"), workplace(tmp_path / "file"):
        pass
