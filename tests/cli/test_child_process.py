"""`feedrec replay FILE -- COMMAND`, with real processes and signals."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from feedrec.cli.child_process import address_variables

from ..timing import HANG_TIMEOUT, scaled
from .command import DEMO, background, feedrec, first_line

RECEIVE = """
import os, sys
from websockets.sync.client import connect
with connect(os.environ["FEEDREC_URL"], max_size=None) as venue:
    venue.send('{"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"}')
    print(venue.recv()[:11])
"""

READ_ALL = """
import os
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
with connect(os.environ["FEEDREC_URL"], max_size=None) as venue:
    try:
        venue.send('{"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"}')
        while True:
            venue.recv()
    except ConnectionClosed:
        print("closed")
"""

COUNT_SIGNALS = """
import signal, sys, time
met = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: met.append(number))
print("ready", flush=True)
while not met:
    time.sleep(0.01)
time.sleep(WAIT)  # a second one would come in this time
print(*met, flush=True)
sys.exit(40 + len(met))
""".replace("WAIT", str(scaled(0.5)))


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


@contextlib.contextmanager
def away_from_terminals(*command: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run `feedrec replay DEMO -- COMMAND` in a session of its own: no terminal sends it anything."""
    arguments = [sys.executable, "-m", "feedrec", "replay", str(DEMO), "--", *map(str, command)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("ending", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
)
def test_the_exit_code_is_that_of_the_command(ending: str, code: int) -> None:
    """Its own, or 128 and the number of the signal that killed it."""
    assert feedrec("replay", DEMO, "--", "sh", "-c", ending).returncode == code


def test_a_client_in_the_command_finds_the_server() -> None:
    """FEEDREC_URL leads to the replay, and stdout has what the command prints and nothing else."""
    done = feedrec("replay", DEMO, "--", *python(RECEIVE))
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b'{"channel":\n'
    log = done.stderr.decode()
    assert " at ws://127.0.0.1:" in log
    assert "replayed to 1 client (1 client left): " in log.splitlines()[-1]


def test_a_command_finds_the_http_half_of_the_server() -> None:
    """Under the same address, whatever the scheme."""
    done = feedrec("replay", DEMO, "--", "sh", "-c", "echo $FEEDREC_URL $FEEDREC_REST_URL")
    url, rest_url = done.stdout.decode().split()
    assert rest_url == url.replace("ws://", "http://")
    assert address_variables("wss://localhost:1") == {
        "FEEDREC_URL": "wss://localhost:1",
        "FEEDREC_REST_URL": "https://localhost:1",
    }


def test_stdin_and_stderr_are_those_of_the_command() -> None:
    """What is piped to feedrec reaches the command, and its stderr is feedrec's."""
    done = subprocess.run(
        [sys.executable, "-m", "feedrec", "replay", str(DEMO), "-q", "--", "sh", "-c", "cat; echo problem >&2"],
        input=b"in\0out",
        capture_output=True,
        check=True,
        timeout=HANG_TIMEOUT,
    )
    assert (done.stdout, done.stderr) == (b"in\0out", b"problem\n")


def test_what_stands_after_the_dashes_is_the_commands() -> None:
    """Options after `--` are not feedrec's, nor is a second `--`."""
    done = feedrec("replay", "--speed", "max", DEMO, "--", "printf", "%s.", "--port", "-q", "--", "--help")
    assert done.stdout == b"--port.-q.--.--help."


def test_the_port_is_free_unless_it_is_given() -> None:
    """Port 8765 is not asked for; one that is given, as an option or in the environment, is taken."""
    show = ("sh", "-c", "echo $FEEDREC_URL")
    urls = {feedrec("replay", DEMO, "--", *show).stdout.decode().strip() for _ in range(2)}
    assert "ws://127.0.0.1:8765" not in urls
    with background("replay", DEMO, "--port", 0) as other:
        port = first_line(other.stdout).rpartition(":")[2]
        for done in (
            feedrec("replay", DEMO, "--port", port, "--", *show),
            feedrec("replay", DEMO, "--", *show, env={"FEEDREC_REPLAY_PORT": port}),
        ):
            assert done.returncode == 1
            assert f"port {port} of 127.0.0.1 is in use" in done.stderr.decode()


def test_a_client_that_outlives_the_command_is_cut_off(tmp_path: Path) -> None:
    """The command's end is the end, though a client in the background would go on to the end of the recording."""
    stay = f"{RECEIVE}    sys.stdout.flush()\n    list(venue)"
    script = '"$0" -c "$1" > received & until [ -s received ]; do kill -0 $! || exit 9; sleep 0.05; done'
    done = feedrec("replay", DEMO, "--", "sh", "-c", script, sys.executable, stay, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert "replayed to 1 client (1 server stopped): " in done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--", "no-such-command"), 127, "no-such-command: command not found"),
        (("--", "./no-such-script"), 127, "./no-such-script: command not found"),
        (("--", "./script"), 126, "./script: not executable"),
        (("--", "./folder/"), 126, "./folder/: not executable"),
        (("--",), 2, "no command after --"),
        (("--json", "--", "true"), 2, "--json and COMMAND both write to stdout"),
    ],
)
def test_a_command_that_cannot_be_run_is_one_line(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """With the exit code that a shell gives."""
    (tmp_path / "script").touch(mode=0o644)
    (tmp_path / "folder").mkdir()
    done = feedrec("replay", DEMO, *arguments, cwd=tmp_path)
    assert done.returncode == code
    message = done.stderr.decode()
    assert message.startswith(f"feedrec: error: {said}")
    assert message.count("\n") == 1
    assert not done.stdout


def test_a_script_that_the_system_cannot_start_is_126(tmp_path: Path) -> None:
    """Executable, but for its interpreter: said in a line."""
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    done = feedrec("replay", DEMO, "--", script)
    assert done.returncode == 126
    assert f"feedrec: error: {script}: No such file or directory\n" in done.stderr.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on(number: signal.Signals) -> None:
    """The command gets it once, and decides what to do; its exit code is ours."""
    with away_from_terminals(*python(COUNT_SIGNALS)) as process:
        assert first_line(process.stdout) == "ready"
        process.send_signal(number)
        out, err = process.communicate(timeout=HANG_TIMEOUT)
    assert out.decode() == f"{int(number)}\n"
    assert process.returncode == 41, err.decode()


def test_a_command_that_a_signal_kills() -> None:
    """A SIGTERM to feedrec ends both, with the code of the signal."""
    with away_from_terminals("sh", "-c", "echo ready; exec sleep 1000") as process:
        assert first_line(process.stdout) == "ready"
        process.send_signal(signal.SIGTERM)
        assert process.wait(HANG_TIMEOUT) == 143


def test_ctrl_c_in_a_terminal_reaches_the_command_once() -> None:
    """The terminal tells the whole process group; feedrec does not tell the command a second time."""
    command = [sys.executable, "-m", "feedrec", "replay", str(DEMO), "-q", "--", *python(COUNT_SIGNALS)]
    in_terminal = f"import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn({command})))"
    pipe = subprocess.PIPE
    with subprocess.Popen(python(in_terminal), stdin=pipe, stdout=pipe, start_new_session=True) as terminal:
        assert first_line(terminal.stdout) == "ready"
        out, _ = terminal.communicate(b"\x03", timeout=HANG_TIMEOUT)
    assert out.decode().split() == ["^C2"]
    assert terminal.returncode == 41


def test_damage_met_by_the_server_makes_the_code_non_zero(tmp_path: Path) -> None:
    """The command ended with 0, but it was not given what was recorded."""
    damaged = tmp_path / "damaged.jsonl"
    lines = zstandard.ZstdDecompressor().stream_reader(DEMO.read_bytes(), read_across_frames=True).read().splitlines()
    lines[500] = lines[500][:-20]
    damaged.write_bytes(b"\n".join(lines))
    done = feedrec("replay", damaged, "--speed", "max", "--", *python(READ_ALL))
    assert done.returncode == 1, done.stderr.decode()
    assert "the replay failed: exit code 1" in done.stderr.decode()
    failed = feedrec("replay", damaged, "--speed", "max", "--", *python(f"{READ_ALL}raise SystemExit(5)"))
    assert failed.returncode == 5


def test_a_bug_in_a_replay_makes_the_code_non_zero() -> None:
    """An exception in the server is not hidden by a command that does not mind."""
    code = (
        "from feedrec.replay.client.client import ClientReplay\n"
        "async def run(*_): raise ZeroDivisionError('a bug')\n"
        "ClientReplay.run = run\n"
        f"from feedrec.cli import main; main(['replay', {str(DEMO)!r}, '--', *{python(READ_ALL)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=HANG_TIMEOUT)
    assert done.returncode == 1, done.stderr.decode()
    assert done.stdout == b"closed\n"
