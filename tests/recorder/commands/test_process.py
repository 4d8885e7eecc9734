"""A command reads, says and does what it likes; at the latest it ends when its time is over, with all its children."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from threading import Event, Timer

import pytest

from feedrec.recorder.commands.process import Ended, run_to_end

from ...timing import HANG_TIMEOUT, MS, wait_until

SHELL = shutil.which("sh") or "sh"


def run(script: str, given: bytes = b"", *, limit: float = HANG_TIMEOUT, stop: Event | None = None) -> Ended:
    return run_to_end(
        [SHELL, "-c", script],
        given,
        environment=os.environ,
        time_limit=limit,
        stop=stop or Event(),
        grace=50 * MS,
    )


def test_it_reads_what_it_is_given_and_its_last_line_is_kept() -> None:
    assert run("cat; echo; echo", b'first\n{"a": 1}\n') == Ended(None, '{"a": 1}')


@pytest.mark.parametrize("script", ["exit 0", "exec 0<&-; exit 0", "head -c 1 >/dev/null"])
def test_it_need_not_read(script: str) -> None:
    """Not even what no pipe holds."""
    assert run(script, b"x" * (1 << 20)) == Ended(None)


def test_all_that_it_is_given_arrives() -> None:
    assert run("wc -c", b"x" * (1 << 20)).said == str(1 << 20)


def test_its_output_is_bounded_and_harmless() -> None:
    assert (
        run("printf 'a\\033[2Jb\\r\\n'; echo end >&2; printf '\\033[2Jx\\t\\377'").said
        == "\\x1b[2Jx\\t\N{REPLACEMENT CHARACTER}"
    )
    said = run("yes | head -c 3000000 | tr -d '\\n'").said
    assert said == "y" * 300 + "..."


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo sorry; exit 7", Ended("exit code 7", "sorry")),
        ("kill -9 $$", Ended("it was ended by SIGKILL")),
    ],
)
def test_how_it_failed_is_said(script: str, expected: Ended) -> None:
    assert run(script) == expected


def test_what_cannot_be_started_has_failed() -> None:
    ended = run_to_end(["/nowhere/x"], b"", environment={}, time_limit=1, stop=Event())
    assert ended == Ended("it cannot be started: No such file or directory")


def test_one_that_hangs_and_ignores_the_polite_signal_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    script = f"trap '' TERM; sleep 1000 & echo $! > {tmp_path}/child; echo started; wait; sleep 1000"
    ended = run(script, limit=300 * MS)
    assert ended == Ended(f"it took longer than {300 * MS:g} s", "started")
    wait_until(lambda: not _lives(int((tmp_path / "child").read_text())))


def test_one_that_never_stops_talking_is_ended() -> None:
    assert run("yes", limit=200 * MS).failure == f"it took longer than {200 * MS:g} s"


def test_what_it_leaves_behind_on_purpose_is_neither_waited_for_nor_ended(tmp_path: Path) -> None:
    assert run(f"sleep 1000 & echo $! > {tmp_path}/child; echo done") == Ended(None, "done")
    child = int((tmp_path / "child").read_text())
    assert _lives(child)
    os.kill(child, signal.SIGKILL)


def test_who_does_not_wait_any_more_ends_it() -> None:
    stop = Event()
    Timer(50 * MS, stop.set).start()
    assert run("sleep 1000", stop=stop) == Ended("nobody waits for it any more", was_stopped=True)


def test_it_may_be_less_important(tmp_path: Path) -> None:
    ended = run_to_end(
        [SHELL, "-c", f"while [ ! -e {tmp_path}/go ]; do sleep 0.01; done; nice"],
        b"",
        environment=os.environ,
        time_limit=HANG_TIMEOUT,
        stop=_when_started(tmp_path / "go"),
        niceness=7,
    )
    own = subprocess.run(["nice"], capture_output=True, check=True, text=True, timeout=HANG_TIMEOUT).stdout
    assert int(ended.said) == min(int(own) + 7, 19)


def _when_started(path: Path) -> Event:
    Timer(50 * MS, path.touch).start()
    return Event()


def _lives(pid: int) -> bool:
    """Return whether a process is there, and no zombie that nobody has waited for."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
