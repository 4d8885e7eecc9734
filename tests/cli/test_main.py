"""The command as a whole: help, errors, environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

import feedrec as package
from feedrec.cli import cli

from .command import DEMO, background, feedrec

COMMANDS = {name: cli.get_command(click.Context(cli), name) for name in cli.list_commands(click.Context(cli))}


def test_help_names_every_command() -> None:
    """`feedrec --help` lists each command with a line of its own."""
    done = feedrec("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert f"\n  {name} " in done.stdout.decode()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    """No command and no option goes without help."""
    command = COMMANDS[name]
    assert command is not None
    assert command.help
    assert command.short_help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.name}"


def test_version() -> None:
    """`--version` says which feedrec it is."""
    assert feedrec("--version").stdout.decode() == f"feedrec {package.__version__}\n"


def test_help_is_light() -> None:
    """Neither `import feedrec` nor `feedrec --help` loads what only the work needs."""
    code = (
        "import sys\n"
        "from feedrec.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'pyarrow', 'websockets', 'rich', 'zstandard', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("recrod",), 2, "there is no command 'recrod'; did you mean 'record'?"),
        (("record", "-e", "coinbase-advance"), 2, "did you mean 'coinbase-advanced'?"),
        (("record", "-c", "leve2"), 2, "did you mean 'level2'?"),
        (("record", "--chanel", "level2"), 2, "--channel"),
        (("record", "--duration", "5x"), 2, "'5x' is no duration such as 90s"),
        (("record", "--max-frames", "0"), 2, "--max-frames"),
        (("record", "-p", ","), 2, "names no product"),
        (("record", "-c", ":BTC-USD"), 2, "names no channel"),
        (("record", "-p", ",".join(f"A{i}-USD" for i in range(31))), 2, "31 products of level2"),
        (("record", "--url", "http://127.0.0.1"), 2, "is no WebSocket address"),
        (("record", "--url", "ws://127.0.0.1:99999"), 2, "is no WebSocket address"),
        (("record", "-o", "-", "--json"), 2, "both write to stdout"),
        (("record", "-o", "x.txt"), 2, "ends in .jsonl.zst"),
        (("record", "-o", "no/such/folder/x.jsonl.zst"), 1, "no/such/folder/x.jsonl.zst: cannot be written"),
        (("record", "--url", "ws://127.0.0.1:1"), 1, "connection refused"),
        (("replay", "missing.jsonl.zst"), 1, "missing.jsonl.zst: no such file"),
        (("replay", DEMO, "--speed", "0"), 2, "'0' is no speed"),
        (("replay", DEMO, "--speed", "fast"), 2, "'fast' is no speed"),
        (("replay", DEMO, "--speed", "nan"), 2, "'nan' is no speed"),
        (("replay", DEMO, "--at-end", "stop"), 2, "--at-end"),
        (("cat", "missing.jsonl.zst"), 1, "no such file"),
        (("cat", DEMO, "--from", "yesterday"), 2, "'yesterday' is no time"),
        (("info", "."), 1, "is a folder"),
        (("info", "empty"), 1, "the file is empty"),
        (("info", "foreign"), 1, "it is neither zstd nor lines of JSON"),
        (("cat", "foreign.json"), 1, "no header of a recording"),
    ],
)
def test_bad_input_gets_one_clear_line(tmp_path: Path, arguments: tuple[object, ...], code: int, said: str) -> None:
    """Whatever is wrong is said in one line on stderr, with the right exit code, and leaves nothing behind."""
    (tmp_path / "empty").touch()
    (tmp_path / "foreign").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    (tmp_path / "foreign.json").write_text('{"a": 1}\n')
    before = set(tmp_path.iterdir())
    done = feedrec(*arguments, cwd=tmp_path)
    message = done.stderr.decode()
    assert said in message
    assert message.startswith("feedrec: error: ")
    assert message.count("\n") == 1
    assert done.returncode == code
    assert not done.stdout
    assert set(tmp_path.iterdir()) == before


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    """A second server on the same port says so, and what to do."""
    with background("replay", DEMO, "--port", 0) as process:
        assert process.stdout is not None
        port = process.stdout.readline().decode().strip().rpartition(":")[2]
        done = feedrec("replay", DEMO, "--port", port, cwd=tmp_path)
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 is in use: choose another with --port" in done.stderr.decode()


def test_options_come_from_the_environment(tmp_path: Path) -> None:
    """FEEDREC_<COMMAND>_<OPTION> stands for the option."""
    done = feedrec("record", cwd=tmp_path, env={"FEEDREC_RECORD_URL": "ws://127.0.0.1:1", "FEEDREC_RECORD_LEVEL": "1"})
    assert "cannot connect to ws://127.0.0.1:1" in done.stderr.decode()


def test_an_unexpected_error_is_one_line_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of ours reaches a user as a line that asks to report it."""
    code = (
        "import feedrec.formats.summary as summary\n"
        "def summarise(*_): raise ZeroDivisionError('a bug')\n"
        "summary.summarise = summarise\n"
        f"from feedrec.cli import main; main(['info', {str(DEMO)!r}])"
    )
    monkeypatch.delenv("FEEDREC_DEBUG", raising=False)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert done.stderr.decode().startswith("feedrec: internal error: ZeroDivisionError: a bug")
    assert done.stderr.count(b"\n") == 1
