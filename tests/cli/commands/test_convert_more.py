"""`feedrec convert` and its kin between pipes: `-` is stdin, and stdout."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from ...timing import HANG_TIMEOUT
from ..command import DEMO, background, feedrec, first_line, shell
from ..test_terminal import terminal


def test_a_pipe_of_any_format_gives_the_same_lines(tmp_path: Path) -> None:
    """Through stdout, stdin, a file of another format, and back."""
    script = f"""
set -o pipefail
$FEEDREC convert {DEMO} - --format jsonl.zst | $FEEDREC convert - -o x.parquet >&2 &&
$FEEDREC cat - < x.parquet | cmp - <($FEEDREC cat {DEMO}) &&
cat x.parquet | $FEEDREC convert - - --format jsonl.gz | $FEEDREC verify -
"""
    done = shell(script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b"/dev/stdin: ok (1,545 frames, 1,552 lines)\n"
    assert done.stderr.count(b"wrote 1,545 frames and 7 other lines to stdout\n") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["x.parquet"]


def test_info_reads_what_comes_from_a_pipe() -> None:
    """It says the same of it as of the file, but for the name."""
    of_file = feedrec("info", DEMO).stdout.partition(b"\n")[2]
    of_pipe = shell(f"cat {DEMO} | $FEEDREC info -").stdout
    assert of_pipe == b"/dev/stdin\n" + of_file


def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path) -> None:
    done = shell(f"$FEEDREC convert {DEMO} - | head -1; exit ${{PIPESTATUS[0]}}", cwd=tmp_path)
    assert done.stdout.startswith(b'{"feedrec":1,')
    assert (done.stdout.count(b"\n"), done.stderr, done.returncode) == (1, b"", 141)


def test_a_pipe_that_was_cut_off_is_said() -> None:
    """What came before the damage has gone out already, and is not called nothing."""
    done = shell(f"head -c 30000 {DEMO} | $FEEDREC convert - -")
    assert done.returncode == 1
    assert re.search(rb"/dev/stdin: the file is cut off at byte 30000.*: what comes before was written", done.stderr)
    assert b"nothing was written" not in done.stderr


def test_a_terminal_gets_no_recording_by_mistake() -> None:
    """Be it compressed, or lines that could control it."""
    for arguments in (("convert", DEMO, "-"), ("record", "--url", "ws://127.0.0.1:1", "-o", "-")):
        with terminal() as (device, seen):
            command = [sys.executable, "-m", "feedrec", *map(str, arguments)]
            done = subprocess.run(
                command, stdin=device, stdout=device, stderr=subprocess.PIPE, timeout=HANG_TIMEOUT, check=False
            )
        assert (done.returncode, bytes(seen)) == (2, b"")
        assert b"stdout is a terminal: redirect it to a file, or pipe it" in done.stderr


def test_a_live_pipe_is_printed_as_it_comes() -> None:
    """No line waits for the next ones."""
    with background("cat", "--raw", "-", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b'{"feedrec":1,"endpoint":"raw","created":"2026-11-21T17:00:00.000000000Z"}\n')
        for number in (b"1", b"2"):
            line = b'{"time":"2026-11-21T17:00:01.000000000Z","conn":0,"dir":"in","frame":%b}\n'
            process.stdin.write(line % number)
            process.stdin.flush()
            assert first_line(process.stdout) == number.decode()


def test_other_tools_are_read_from_a_pipe(tmp_path: Path) -> None:
    """Lines of tardis are detected there too."""
    done = shell("echo '2026-11-21T17:00:00.5Z {}' | gzip | $FEEDREC convert - -o x.jsonl", cwd=tmp_path)
    assert done.stdout.startswith(b"wrote 1 frame "), done.stderr.decode()
