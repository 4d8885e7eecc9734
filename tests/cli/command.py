"""Running feedrec as a user does: as a process of its own."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from ..timing import HANG_TIMEOUT, wait_until
from .forking import Forker

__all__ = [
    "DEMO",
    "Output",
    "background",
    "feedrec",
    "first_line",
    "interrupt",
    "mock_venue",
    "shell",
    "wait_for_frames",
]

DEMO = Path(__file__).parents[2] / "feedrec" / "cli" / "demo.jsonl.zst"
"""The recording that ships with the package: frames of Coinbase Advanced Trade, about half a minute."""

Output = subprocess.CompletedProcess[bytes]


def _command(arguments: Sequence[object], before: str = "") -> list[str]:
    code = ("-c", f"import sys\n{before}\nfrom feedrec.cli import main; main(sys.argv[1:])")
    return [sys.executable, *(code if before else ("-m", "feedrec")), *map(str, arguments)]


def feedrec(
    *arguments: object, cwd: Path | None = None, env: dict[str, str] | None = None, afresh: bool = False
) -> Output:
    """
    Run it to its end; whatever it was given, no traceback may come out.

    It is a process that has loaded feedrec already, unless it is run `afresh`, or the environment has what Python reads
    as it starts.
    """
    environment = {**os.environ, **(env or {})}
    forker = Forker.of_this_process()
    if afresh or not forker.suits(environment):
        done = subprocess.run(
            _command(arguments), cwd=cwd, env=environment, capture_output=True, timeout=HANG_TIMEOUT, check=False
        )
    else:
        words = [*map(str, arguments)]
        with forker.start(words, cwd=cwd, env=environment) as process:
            done = subprocess.CompletedProcess(words, *process.result(HANG_TIMEOUT))
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def shell(script: str, cwd: Path | None = None) -> Output:
    """Run a script of bash, in which $FEEDREC is the command."""
    bash = shutil.which("bash")
    assert bash is not None
    environment = {**os.environ, "FEEDREC": shlex.join(_command([]))}
    return subprocess.run(
        [bash, "-c", script], cwd=cwd, env=environment, capture_output=True, timeout=HANG_TIMEOUT, check=False
    )


def _end_on_hangup() -> None:
    """As a person starts it, though the tests may run under nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@contextlib.contextmanager
def background(
    *arguments: object, before: str = "", cwd: Path | None = None, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """
    Run it beside the test; kill it at the end if it still runs.

    Args:
        arguments: What follows `feedrec`.
        before: Python that its process runs first, to change a constant.
        cwd: Where it runs.
        options: Those of Popen.

    """
    first = options.pop("preexec_fn", None)

    def prepare() -> None:
        _end_on_hangup()
        if first is not None:
            first()

    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options, "preexec_fn": prepare}
    process = subprocess.Popen(_command(arguments, before), cwd=cwd, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=HANG_TIMEOUT)


@contextlib.contextmanager
def mock_venue(recording: Path = DEMO, *options: object) -> Iterator[str]:
    """Serve every frame of a recording with `feedrec replay`; give the URL."""
    arguments = ("--port", 0, "-q", "--mode", "verbatim", *(options or ("--speed", "max")))
    forker = Forker.of_this_process()
    assert forker.suits(os.environ)
    with forker.start([*map(str, ("replay", recording, *arguments))], env=os.environ) as process:
        yield first_line(process.stdout)


def first_line(stream: IO[bytes] | None) -> str:
    """Read one line of a pipe."""
    assert stream is not None
    return stream.readline().decode().strip()


def interrupt(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGINT) -> tuple[int, bytes, bytes]:
    """Send a signal; give exit code, stdout and stderr."""
    process.send_signal(number)
    out, err = process.communicate(timeout=HANG_TIMEOUT)
    return process.returncode, out, err


def wait_for_frames(path: Path, size: int = 5_000) -> None:
    """Wait until a growing recording holds frames: more than so many bytes."""
    wait_until(lambda: path.exists() and path.stat().st_size > size)
