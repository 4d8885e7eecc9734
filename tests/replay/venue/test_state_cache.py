"""The cache folder: private, bounded, and never in the way."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from feedrec.formats.checkpoints.state_layout import FileIdentity
from feedrec.replay.venue.state_cache import About, StateCache, user_cache

from ...timing import HANG_TIMEOUT

KEY = ("level2", "BTC-USD")


def about(number: int = 0, kind: str = "sums 1") -> About:
    return About(kind, FileIdentity(1000, number), [], [KEY])


def noise(size: int) -> bytes:
    return os.urandom(size)


def kept(cache: StateCache, what: About) -> dict[int, bytes]:
    state = cache.open(what)
    if state is None:
        return {}
    with state:
        return {one.lines: state.read(one.blobs[0]) for one in state.directory.checkpoints}


@pytest.fixture
def cache(tmp_path: Path) -> StateCache:
    return StateCache(tmp_path / "some" / "cache")


def test_what_is_kept_is_there_for_what_it_is_about_alone(cache: StateCache) -> None:
    cache.keep(about(), 10, 1, {KEY: (b"ten", 0)})
    cache.keep(about(), 5, 1, {KEY: (b"five", 0)})
    cache.keep(about(), 10, 1, {KEY: (b"ten again", 0)})
    assert kept(cache, about()) == {5: b"five", 10: b"ten again"}
    others = [
        about(1),
        about(kind="sums 2"),
        about()._replace(before=[FileIdentity(1, 1)]),
        about()._replace(keys=[KEY, ("level2", "ETH-USD")]),
    ]
    assert all(kept(cache, other) == {} for other in others)


def test_only_the_user_can_read_it(cache: StateCache) -> None:
    cache.keep(about(), 10, 1, {KEY: (b"1", 0)})
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in cache.folder.iterdir()] == [0o600]


def test_what_was_not_used_for_the_longest_time_is_removed_when_there_is_too_much(tmp_path: Path) -> None:
    cache = StateCache(tmp_path / "cache", most=5000)
    for number in range(4):
        cache.keep(about(number), 1, 1, {KEY: (noise(1000), 0)})
        os.utime(cache.folder / about(number).name, (number, number))
    assert kept(cache, about(0))  # used now
    cache.keep(about(4), 1, 1, {KEY: (noise(1000), 0)})
    assert [number for number in range(5) if kept(cache, about(number))] == [0, 2, 3, 4]
    assert sum(path.stat().st_size for path in cache.folder.iterdir()) <= 5000


def test_of_one_recording_there_are_not_ever_more(cache: StateCache) -> None:
    for lines in range(1, 70):
        cache.keep(about(), lines, 1, {KEY: (b"1", 0)})
    assert list(kept(cache, about())) == list(range(6, 70))


def test_what_a_killed_process_left_is_removed(cache: StateCache) -> None:
    cache.keep(about(), 1, 1, {KEY: (b"1", 0)})
    left, new = cache.folder / "left.state.part", cache.folder / "new.state.part"
    left.touch()
    new.touch()
    os.utime(left, (0, 0))
    cache.keep(about(1), 1, 1, {KEY: (b"1", 0)})
    assert not left.exists()
    assert new.exists()


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = StateCache(tmp_path / "file" / "cache")
    cache.keep(about(), 1, 1, {KEY: (b"1", 0)})
    assert kept(cache, about()) == {}


def test_what_cannot_be_marked_as_used_is_used_all_the_same(cache: StateCache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.keep(about(), 1, 1, {KEY: (b"1", 0)})

    def fail(path: Path) -> None:
        raise OSError(errno.EROFS, "read-only file system", str(path))

    monkeypatch.setattr(os, "utime", fail)
    assert kept(cache, about()) == {1: b"1"}


def test_a_folder_in_which_others_can_put_files_is_not_used(cache: StateCache) -> None:
    cache.keep(about(), 1, 1, {KEY: (b"1", 0)})
    cache.folder.chmod(0o777)
    assert kept(cache, about()) == {}
    cache.keep(about(), 2, 1, {KEY: (b"2", 0)})
    cache.folder.chmod(0o700)
    assert kept(cache, about()) == {1: b"1"}


def test_a_folder_that_is_a_link_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir(mode=0o700)
    (tmp_path / "cache").symlink_to(tmp_path / "other")
    StateCache(tmp_path / "cache").keep(about(), 1, 1, {KEY: (b"1", 0)})
    assert list((tmp_path / "other").iterdir()) == []


def test_what_is_damaged_counts_as_none_and_is_replaced(cache: StateCache) -> None:
    cache.keep(about(), 1, 1, {KEY: (b"1", 0)})
    path = cache.folder / about().name
    path.write_bytes(path.read_bytes()[:-1])
    assert kept(cache, about()) == {}
    cache.keep(about(), 2, 1, {KEY: (b"2", 0)})
    assert kept(cache, about()) == {2: b"2"}


def test_many_at_once_are_in_each_others_way_only_as_far_as_one_is_kept(cache: StateCache) -> None:
    def keep(number: int) -> None:
        for lines in range(1, 20):
            cache.keep(about(), lines, number, {KEY: (b"%d" % lines, 0)})
            assert all(state == b"%d" % at for at, state in kept(cache, about()).items())

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept(cache, about())
    assert [path.name for path in cache.folder.iterdir()] == [about().name]


@pytest.mark.parametrize(
    "variables", [{"XDG_CACHE_HOME": "{0}/c"}, {"HOME": "{0}"}, {"HOME": "{0}", "XDG_CACHE_HOME": "c"}]
)
def test_it_is_where_the_system_has_such_folders(
    variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    found = user_cache()
    assert found is not None
    expected = tmp_path / "c" if variables.get("XDG_CACHE_HOME", "").startswith("{") else tmp_path / ".cache"
    assert found.folder == expected / "feedrec" / "states"


def test_a_user_without_a_home_has_none() -> None:
    code = (
        "import os, pwd; os.environ.pop('HOME', None)\n"
        "def nobody(_): raise KeyError\n"
        "pwd.getpwuid = nobody\n"
        "from feedrec.replay.venue.state_cache import user_cache; print(user_cache())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=HANG_TIMEOUT, check=True)
    assert done.stdout == b"None\n"
