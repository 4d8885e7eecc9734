"""The command as a whole: help, errors, environment."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import feedrec as package
from feedrec.cli import cli
from feedrec.cli.options import GroupedCommand

from ..timing import HANG_TIMEOUT
from .command import DEMO, background, feedrec, mock_venue, shell

COMMAND_FILES = (Path(package.__file__).parent / "cli" / "commands").rglob("*.py")
COMMANDS = {name: cli.get_command(click.Context(cli), name) for name in cli.list_commands(click.Context(cli))}


def test_the_bare_command_is_the_help() -> None:
    """Whoever tries the name alone gets what it can do, on stdout, and no error."""
    bare = feedrec()
    assert bare.returncode == 0
    assert bare.stdout == feedrec("--help").stdout
    assert bare.stderr == b""


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("feedrec feeds coinbase-exchange-s", ["coinbase-exchange-sandbox"]),
        ("feedrec record -e coinm", ["coinmarketcap"]),
        ("feedrec record -c tick", ["ticker", "ticker_batch"]),
        ("feedrec record -e coinbase-exchange -c lev", ["level2", "level2_batch", "level3"]),
        ("feedrec record -e nowhere -c lev", []),
        ("feedrec rec", ["record"]),
    ],
)
def test_a_shell_completes_names(typed: str, completed: list[str]) -> None:
    """As `eval "$(_FEEDREC_COMPLETE=bash_source feedrec)"` sets it up."""
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    done = feedrec(env={"_FEEDREC_COMPLETE": "bash_complete", **words})
    assert done.stdout.decode().split() == [f"plain,{name}" for name in completed]


@pytest.mark.parametrize("name", ["record", "replay"])
def test_a_long_help_has_its_options_in_groups(name: str) -> None:
    """What is general stands at the end; each option is in one group."""
    command = cli.get_command(click.Context(cli), name)
    assert isinstance(command, GroupedCommand)
    *_, general = feedrec(name, "--help").stdout.decode().split("\n\n")
    assert re.findall(r"^  (?:-\w, )?--([\w-]+)", general, re.MULTILINE) == [
        "json",
        "verbose",
        "quiet",
        "log-format",
        "help",
    ]
    named = [option for names in command.groups.values() for option in names]
    assert len(named) == len(set(named))
    assert len(named) > 10


@pytest.mark.parametrize("name", ["help", "list", "version"])
def test_a_command_of_other_tools_gets_a_hint(name: str) -> None:
    """What it is called here, in the same line."""
    done = feedrec(name)
    assert done.returncode == 2
    assert re.search(rf"unknown command '{name}'; .*feedrec \S+", done.stderr.decode())


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("FEEDREC_INFO_JOSN", "; did you mean 'FEEDREC_INFO_JSON'?"),
        ("FEEDREC_INFOJSON", "; did you mean 'FEEDREC_INFO_JSON'?"),
        ("FEEDREC_RCORD_CHANNEL", "; did you mean 'FEEDREC_RECORD_CHANNEL'?"),
        ("FEEDREC_XYZZY", ""),
        ("FEEDREC_X", ""),
    ],
)
def test_a_variable_that_is_no_option_is_a_warning(variable: str, hint: str) -> None:
    """A service would run for months without what was mistyped."""
    done = feedrec("info", DEMO, env={variable: "1"})
    assert done.returncode == 0
    assert done.stderr.decode() == f"feedrec: warning: unknown environment variable {variable}{hint}\n"


def test_variables_of_others_are_no_warning() -> None:
    """Those of other commands, of `replay -- COMMAND`, and of feedrec as a whole."""
    others = ["FEEDREC_RECORD_CHANNEL", "FEEDREC_URL", "FEEDREC_REST_URL", "FEEDREC_DEBUG", "FEEDREC_INFO_QUIET"]
    others += ["FEEDREC_CONTROL_URL", "FEEDREC_CONTROL_TOKEN"]
    assert feedrec("info", DEMO, env=dict.fromkeys(others, "1")).stderr == b""


def test_a_number_alone_does_not_say_when_to_rotate(tmp_path: Path) -> None:
    """On the command line it is refused; in the environment, where a service has it, it is a warning for now."""
    refused = feedrec("convert", DEMO, "-o", tmp_path / "x.jsonl", "--split", 20)
    assert refused.returncode == 2
    assert "'20' could be seconds or bytes: write 20s, or a size such as 20MB" in refused.stderr.decode()
    taken = feedrec("convert", DEMO, "-o", tmp_path / "x.jsonl", env={"FEEDREC_CONVERT_SPLIT": "20"})
    assert taken.returncode == 0
    told = taken.stderr.decode()
    assert "FEEDREC_CONVERT_SPLIT: '20' could be seconds or bytes" in told
    assert "it is taken as seconds, and will be refused by the next version" in told
    assert len(list(tmp_path.iterdir())) > 1


def test_help_names_every_command() -> None:
    """`feedrec --help` lists each command with a line of its own."""
    done = feedrec("--help", env={"COLUMNS": "100"})
    assert done.returncode == 0
    lines = [line.split(maxsplit=1) for line in done.stdout.decode().partition("Commands:\n")[2].splitlines()]
    assert lines == [[name, command.short_help] for name, command in COMMANDS.items() if command]
    assert {name for name, _ in lines} == {path.stem for path in COMMAND_FILES if path.stem != "__init__"}


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


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_a_terminal_of_80_columns(name: str) -> None:
    """Examples are not wrapped by click, so a long one would be torn by the terminal."""
    done = feedrec(*filter(None, [name]), "--help", env={"COLUMNS": "80"})
    assert max(map(len, done.stdout.decode().splitlines())) <= 80


def test_version() -> None:
    """`--version` says which feedrec it is."""
    assert feedrec("--version").stdout.decode() == f"feedrec {package.__version__}\n"


WORK = ("pyarrow", "websockets", "asyncio", "ssl", "cryptography", "_hashlib")  # _hashlib is OpenSSL
VENUES = tuple(f"feedrec.feeds.{name}" for name in ("coinbase_advanced", "coinbase_exchange", "coinmarketcap"))
OUR_WORK = ("msgspec", "zstandard", *(f"feedrec.{name}" for name in ("feeds", "formats", "model", "cli.commands")))
WRITERS = ("feedrec.formats.file.writer", "feedrec.formats.file.creating", "feedrec.formats.file.growing", "tempfile")
READERS = ("feedrec.formats.file.line_reader", "feedrec.formats.facts.facts_builder")  # of what an index does not say
HALVES = tuple(f"{venue}.{half}" for venue in VENUES for half in ("client", "server", "state", "trimming"))


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a recording with the index of today; that of the demo is an earlier one."""
    path = tmp_path_factory.mktemp("newest") / "new.jsonl.zst"
    assert feedrec("convert", DEMO, "-o", path).returncode == 0
    return path


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["--help"], (*WORK, *OUR_WORK, "logging")),
        (["--version"], (*WORK, *OUR_WORK, "logging")),
        (["record", "--help"], (*WORK, "zstandard", "feedrec.feeds", "feedrec.formats", "feedrec.recorder")),
        (["replay", "--help"], (*WORK, "zstandard", "feedrec.feeds", "feedrec.formats", "feedrec.replay")),
        (["info", "FILE"], (*WORK, *VENUES, *WRITERS, *READERS, "feedrec.feeds.base")),
        (["cat", "FILE"], (*WORK, *VENUES[1:], *HALVES, *WRITERS)),
        (["verify", "FILE"], (*WORK, *VENUES[1:], *HALVES)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_loads_only_what_it_needs(newest: Path, arguments: list[str], unused: tuple[str, ...]) -> None:
    """Each starts in a tenth of a second, and thousands of tests start one."""
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"  # `make coverage` loads something in each process
        "from feedrec.cli import main\n"
        f"try:\n    main({[argument.replace('FILE', str(newest)) for argument in arguments]!r})\n"
        "except SystemExit as end:\n    assert not end.code\n"
        f"loaded = [one for one in {unused!r} if one in sys.modules and one not in before]\n"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=HANG_TIMEOUT)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("recrod",), 2, "unknown command 'recrod'; did you mean 'record'?"),
        (("record", "-e", "coinbase-advance"), 2, "did you mean 'coinbase-advanced'?"),
        (("record", "-c", "leve2"), 2, "did you mean 'level2'?"),
        (("record", "--chanel", "level2"), 2, "--channel"),
        (("record", "--duration", "5x"), 2, "'5x' is not a duration such as 50ms"),
        (("record", "--max-frames", "0"), 2, "--max-frames"),
        (("record", "-p", ","), 2, "contains no product"),
        (("record", "-c", ":BTC-USD"), 2, "names no channel"),
        (("record", "--url", "http://127.0.0.1"), 2, "is not a WebSocket address"),
        (("record", "--url", "ws://127.0.0.1:99999"), 2, "is not a WebSocket address"),
        (("record", "-o", "-", "--json"), 2, "both write to stdout"),
        (("record", "--config", "no.toml"), 2, "cannot read the configuration no.toml: No such file or directory"),
        (("record", "--config", "."), 2, "is a directory"),
        (("record", "--check", "-c", "tickr"), 2, "did you mean 'ticker'"),
        (("record", "-o", "x.txt"), 2, "must end in .jsonl.zst"),
        (("record", "-o", "no/such/folder/x.jsonl.zst"), 1, "no/such/folder/x.jsonl.zst: cannot be written"),
        (("record", "--url", "ws://127.0.0.1:1"), 1, "connection refused"),
        (("replay", "missing.jsonl.zst"), 1, "missing.jsonl.zst: no such file"),
        (("replay", DEMO, "--speed", "0"), 2, "'0' is not a speed"),
        (("replay", DEMO, "--speed", "fast"), 2, "'fast' is not a speed"),
        (("replay", DEMO, "--speed", "nan"), 2, "'nan' is not a speed"),
        (("replay", DEMO, "--at-end", "stop"), 2, "--at-end"),
        (("replay", DEMO, "--speed", "max", "--max-lateness", "50ms"), 2, "leave out --max-lateness"),
        (("replay", DEMO, "--wait-for", "0"), 2, "--wait-for"),
        (("replay", DEMO, "--wait-for", "3", "--max-clients", "2"), 2, "3 clients would never be there"),
        (("replay", DEMO, "--start-after", "tiker"), 2, "no channel 'tiker'; did you mean 'ticker'?"),
        (("replay", DEMO, "--start-after", "ticker", "--mode", "verbatim"), 2, "leave out --start-after"),
        (("replay", DEMO, "sh"), 2, "sh: no such file; if it is the command to run, write -- before it"),
        (("replay", DEMO, "missing"), 1, "missing: no such file"),
        (("replay", "-"), 2, "- is stdin, and this needs a file"),
        (("view", "-"), 2, "- is stdin, and this needs a file"),
        (("view", "missing.jsonl.zst"), 1, "missing.jsonl.zst: no such file"),
        (("view", DEMO, "--port", "99999"), 2, "'--port'"),
        (("repair", "-"), 2, "- is stdin, and this needs a file"),
        (("convert", DEMO), 2, "Missing option '-o' / '--output': name the output file, or - for stdout"),
        (("convert", DEMO, "-o", "x.jsonl", "--format", "parquet"), 2, "x.jsonl does not match --format parquet"),
        (("convert", DEMO, "-o", "-", "--format", "parquet"), 2, "leave out --format parquet and --split"),
        (("convert", DEMO, "-", "--split", "1h"), 2, "leave out --format parquet and --split"),
        (("convert", DEMO, "-", "--json"), 2, "both write to stdout"),
        (("replay", DEMO, "--tls-cert", "missing.pem"), 2, "missing.pem: No such file"),
        (("replay", DEMO, "--tls", "--tls-folder", DEMO), 2, "--tls-folder"),
        (("book", DEMO, "-p", "BTC-USDT"), 2, "there is no book of 'BTC-USDT'; did you mean 'BTC-USD'?"),
        (("book", DEMO, "--depth", "few"), 2, "'few' is neither a number of levels such as 20, nor all"),
        (("cat", "missing.jsonl.zst"), 1, "no such file"),
        (("cat", DEMO, "--from", "yesterday"), 2, "'yesterday' is neither a time"),
        (("cat", DEMO, "--from", f"+{'9' * 400}s"), 2, "is neither a time"),
        (("cat", DEMO, "-c", "tickr"), 2, "has no channel 'tickr'; did you mean 'ticker'?"),
        (("record", "-o", "x" * 300 + ".jsonl.zst"), 1, "cannot be written: File name too long"),
        (("info", "."), 1, "no recording in this folder"),
        (("info", "empty"), 1, "the file is empty"),
        (("info", "foreign"), 1, "not a recording: neither zstd, nor gzip, nor lines of JSON"),
        (("cat", "foreign.json"), 1, "not a recording header"),
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
        "import feedrec.formats.tools.summary as summary\n"
        "def summarise(*_): raise ZeroDivisionError('a bug')\n"
        "summary.summarise = summarise\n"
        f"from feedrec.cli import main; main(['info', {str(DEMO)!r}])"
    )
    monkeypatch.delenv("FEEDREC_DEBUG", raising=False)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=tmp_path, check=False, timeout=HANG_TIMEOUT
    )
    assert done.returncode == 1
    assert done.stderr.decode().startswith("feedrec: internal error: ZeroDivisionError: a bug")
    assert done.stderr.count(b"\n") == 1


OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    if command
    for option in command.params
    if option.opts[0][0] == "-"
]


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=lambda value: getattr(value, "name", value))
def test_every_option_has_a_variable_of_its_long_name(
    name: str, option: click.Parameter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is FEEDREC_<COMMAND>_<OPTION>, whatever the option is called in the code."""
    long_name = next(text for text in option.opts if text.startswith("--"))
    monkeypatch.setenv(f"FEEDREC_{name}_{long_name[2:]}".upper().replace("-", "_"), "a value")
    assert option.resolve_envvar_value(click.Context(cli)) == "a value"


def test_repeatable_options_and_flags_come_from_the_environment(tmp_path: Path) -> None:
    """Several values stand in one variable with spaces between them; 1 sets a flag."""
    with mock_venue() as url:
        done = feedrec(
            "record",
            "--max-frames",
            5,
            cwd=tmp_path,
            env={
                "FEEDREC_RECORD_URL": url,
                "FEEDREC_RECORD_CHANNEL": "ticker candles:ETH-USD",
                "FEEDREC_RECORD_PRODUCT": "BTC-USD,XRP-USD DOGE-USD",
                "FEEDREC_RECORD_OUTPUT": "x.jsonl",
                "FEEDREC_RECORD_JSON": "1",
            },
        )
    assert json.loads(done.stdout)["frames"] == 5, done.stderr.decode()
    header = json.loads((tmp_path / "x.jsonl").read_bytes().splitlines()[0])
    assert header["subscriptions"][:2] == [
        {"channel": "ticker", "products": ["BTC-USD", "XRP-USD", "DOGE-USD"]},
        {"channel": "candles", "products": ["ETH-USD"]},
    ]


@pytest.mark.parametrize("streams", ["2>&-", ">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["cat", "info", "record", "replay"])
def test_streams_may_be_closed(tmp_path: Path, command: str, streams: str) -> None:
    """Without stdout or stderr a command does its work and says nothing."""
    with mock_venue() if command == "record" else contextlib.nullcontext("") as url:
        arguments = {
            "record": f"--url {url} --max-frames 5 -o x.jsonl",
            "replay": f"{DEMO} --port 0 -- true",
        }.get(command, str(DEMO))
        done = shell(f"$FEEDREC {command} {arguments} {streams}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert b"rror" not in done.stderr
    if command == "record":
        rows = [json.loads(line) for line in (tmp_path / "x.jsonl").read_bytes().splitlines()]
        assert sum(row.get("dir") == "in" for row in rows) == 5


@pytest.mark.parametrize("arguments", [f"cat {DEMO}", f"cat --raw -c ticker {DEMO}", f"info {DEMO}", "--help"])
def test_a_stdout_that_takes_nothing_is_said(arguments: str) -> None:
    """A full disk behind stdout is one line of error."""
    done = shell(f"$FEEDREC {arguments} > /dev/full")
    assert done.stderr.decode() == "feedrec: error: cannot write to stdout: No space left on device\n"
    assert done.returncode == 1


def test_a_recording_on_a_stdout_that_takes_nothing() -> None:
    """`record -o -` says it as well, and no more."""
    done = shell("$FEEDREC record --url ws://127.0.0.1:1 -o - > /dev/full")
    assert "cannot be written" in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert done.returncode == 1


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    """A file name may be any bytes; what is printed is UTF-8 all the same."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jsonl.zst"))
    with mock_venue() as url:
        done = feedrec("record", "--url", url, "--max-frames", 5, "--json", "-o", path)
        plain = feedrec("record", "--url", url, "--max-frames", 5, "--overwrite", "-o", path)
    assert json.loads(done.stdout)["path"] == f"{tmp_path}/?.jsonl.zst", done.stderr.decode()
    assert f"to {tmp_path}/?.jsonl.zst\n" in plain.stdout.decode()
    assert json.loads(feedrec("info", "--json", path).stdout)["frames"] == 5
    assert feedrec("info", path).returncode == 0


@pytest.mark.parametrize("command", ["cat", "info"])
def test_a_file_that_may_not_be_read(tmp_path: Path, command: str) -> None:
    """It is a failure (1), no misuse (2)."""
    path = tmp_path / "x.jsonl"
    path.touch(mode=0o000)
    as_nobody = "setpriv --bounding-set=-all --inh-caps=-all --" if os.geteuid() == 0 else ""
    done = shell(f"{as_nobody} $FEEDREC {command} {path}")
    assert "Permission denied" in done.stderr.decode()
    assert done.returncode == 1


@pytest.mark.parametrize("module", ["click", "msgspec"])
def test_an_early_interrupt_is_quiet(tmp_path: Path, module: str) -> None:
    """Ctrl-C while modules are still imported ends it without a traceback."""
    (tmp_path / f"{module}.py").write_text("raise KeyboardInterrupt")
    done = feedrec("info", DEMO, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 130
    assert not done.stderr.strip()  # click ends the line in which a terminal shows ^C
