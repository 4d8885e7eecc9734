"""What the documents show is what happens."""

from __future__ import annotations

import ast
import contextlib
import gzip
import json
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard

from feedrec.cli import cli
from feedrec.formats.line.codec import decode_header, decode_line, encode_event, encode_frame, encode_header
from feedrec.formats.line.http_events import exchange_of, http_event
from feedrec.model import Event, Frame, Header

from .cli.command import DEMO, background, feedrec, first_line, mock_venue, shell
from .cli.forking import Forker
from .cli.test_terminal import terminal
from .formats.foreign.capture.captures import small
from .formats.foreign.har.archives import TWO
from .timing import HANG_TIMEOUT

if TYPE_CHECKING:
    from .object_server import Bucket

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
ABOUT_THE_CODE = [
    *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "docs/release.md", "docs/decisions/README.md")),
    *DECISIONS,
]


DIALOGUE = ROOT / "docs" / "dialogue.md"
VENUE = "ws://127.0.0.1:8765"
"""The address of the replay in examples."""


def write_dialogue(folder: Path) -> None:
    """Write the recordings of docs/dialogue.md, and the client, as they stand there."""
    (folder / "talk.jsonl").write_text(blocks(DIALOGUE, "jsonl")[0])
    (folder / "orders.jsonl").write_text(blocks(DIALOGUE, "jsonl-orders")[0])
    (folder / "client.py").write_text(blocks(DIALOGUE, "python-client")[0])


def blocks(page: Path, language: str) -> list[str]:
    """Give the code blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


COMMANDS = {
    (line.partition(" #")[0].strip(), page == DIALOGUE): page.name
    for page in reversed(PAGES)
    for block in blocks(page, "sh")
    for line in block.splitlines()
    if line.startswith("feedrec ")
}
"""The page that shows a command, the first one that does; on that of dialogues, its files are there too."""

FIRST_OF_THEIR_NAME = set({command.split()[1]: command for command, _ in reversed(COMMANDS)}.values())
"""Those that Python is started for; a process that has loaded feedrec forks for the others."""


@pytest.fixture(scope="module")
def venue() -> Iterator[str]:
    """Give the URL of a mock venue, which begins anew for each client."""
    with mock_venue() as url:
        yield url


@contextlib.contextmanager
def serving(arguments: list[str], folder: Path, *, afresh: bool) -> Iterator[str]:
    """Give the first line of a command that serves something until it is ended."""
    words = [*arguments, "--port", "0"]
    if afresh:
        with background(*words, cwd=folder) as process:
            yield first_line(process.stdout)
    else:
        with Forker.of_this_process().start(words, cwd=folder, env=os.environ) as forked:
            yield first_line(forked.stdout)


def filled_bucket(request: pytest.FixtureRequest) -> Path:
    """Return the URL of a bucket that has a recording where the documents say."""
    bucket: Bucket = request.getfixturevalue("bucket")
    bucket.store.create("btc/today.jsonl.zst", DEMO)
    return bucket.url


@pytest.mark.parametrize(("page", "command"), [(page, command) for (command, _), page in COMMANDS.items()])
def test_every_command_shown_runs(
    page: str, command: str, tmp_path: Path, venue: str, request: pytest.FixtureRequest
) -> None:
    """Commands run as they stand; the environment gives them a mock venue, and an end."""
    shutil.copy(DEMO, tmp_path / "today.jsonl.zst")
    shutil.copy(DEMO, tmp_path / "today.jsonl.zst.part")
    (tmp_path / "recordings").mkdir()
    shutil.copy(DEMO, tmp_path / "recordings" / "x.jsonl.zst")
    (tmp_path / "day.csv.gz").write_bytes(gzip.compress(b"2026-11-21T17:00:00.5Z {}\n"))
    (tmp_path / "other.ndjson").write_text('{"data":{"ts":1795280400}}\n')
    (tmp_path / "capture.pcap.zst").write_bytes(zstandard.compress(small().file()))
    (tmp_path / "session.har").write_bytes(TWO)
    (tmp_path / "frames.ndjson").write_text('{"t":"recv","conn":"ws.1","ts":1622591002.4,"data":"{}"}\n')
    (tmp_path / "golden.json").write_text('{"frames":1545}')
    (tmp_path / "recorder.toml").write_text(blocks(ROOT / "docs" / "operations.md", "toml")[0])
    (tmp_path / "products.txt").write_text("BTC-USD\n")
    if page == DIALOGUE.name:
        write_dialogue(tmp_path)
    if "s3://" in command:
        command = command.replace("s3://recordings", str(filled_bucket(request)))
    arguments = shlex.split(command)[1:]
    afresh = command in FIRST_OF_THEIR_NAME
    if "|" in command or " > " in command:
        done = shell(f'set -o pipefail; feedrec() {{ $FEEDREC "$@"; }}; {command}', cwd=tmp_path)
        assert done.returncode == 0, done.stderr.decode()
        return
    if "--" in arguments:
        (tmp_path / "bot.py").write_text(blocks(ROOT / "docs" / "clients.md", "python")[0])
        done = feedrec(*arguments, cwd=tmp_path, env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout
        return
    if arguments[0] in ("replay", "view"):
        with serving(arguments, tmp_path, afresh=afresh) as line:
            assert line.startswith(("ws://", "http://127.0.0.1:")), page
        return
    variables = {"URL": venue, "MAX_FRAMES": "50", "OVERWRITE": "1"} if arguments[0] == "record" else {}
    if "--serve" in arguments:
        arguments += ["--serve", "127.0.0.1:0"]  # others have that port
    environment = {f"FEEDREC_RECORD_{name}": value for name, value in variables.items()}
    done = feedrec(*arguments, cwd=tmp_path, env=environment, afresh=afresh)
    assert done.returncode == 0, done.stderr.decode()


HARD_CODED = """
import asyncio, json
from urllib.request import urlopen
from websockets.asyncio.client import connect
with urlopen("https://api.coinbase.com/api/v3/brokerage/market/products") as answer:
    assert [one["product_id"] for one in json.load(answer)["products"]] == ["BTC-USD", "ETH-USD"]
async def count():
    async with connect("wss://advanced-trade-ws.coinbase.com", max_size=None) as venue:
        await venue.send('{"type":"subscribe","channel":"ticker","product_ids":["BTC-USD"]}')
        return len([frame async for frame in venue])
print(asyncio.run(count()))
"""


def has_namespaces() -> bool:
    """Tell whether this system lets its users have a network of their own."""
    command = ["unshare", "--user", "--map-root-user", "--net", "--mount", "ip", "link", "set", "lo", "up"]
    return shutil.which("unshare") is not None and subprocess.run(command, check=False).returncode == 0


def test_a_client_with_a_hard_coded_address_is_redirected_without_root(tmp_path: Path) -> None:
    """By the script in clients.md: the real addresses of the venue, port 443, and a certificate for its names."""
    if not has_namespaces():
        pytest.skip("there are no user namespaces")
    (script,) = blocks(ROOT / "docs" / "clients.md", "sh-namespace")
    (tmp_path / "offline.sh").write_text(script)
    replay = shlex.join(["replay", str(DEMO), "--tls", "--port", "443", "--speed", "max"])
    bot = shlex.join([sys.executable, "-c", HARD_CODED])
    done = shell(f"export XDG_DATA_HOME=$PWD; sh offline.sh $FEEDREC {replay} -- {bot}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert int(done.stdout) > 10


def python_examples() -> list[tuple[str, str]]:
    """Give every Python block of the documents."""
    return [(page.name, block) for page in PAGES for block in blocks(page, "python")]


@pytest.fixture(scope="module")
def demo_as_parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the demo's recording Parquet, as the documents say."""
    path = tmp_path_factory.mktemp("parquet") / "today.parquet"
    assert feedrec("convert", DEMO, "-o", path).returncode == 0
    return path


@pytest.fixture(scope="module")
def demo_as_ticks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make tables of the demo's recording, as the documents say."""
    path = tmp_path_factory.mktemp("tables") / "ticks"
    assert feedrec("export", DEMO, "--to", "parquet-ticks", "-o", path).returncode == 0
    return path


@pytest.mark.parametrize(("page", "code"), python_examples())
def test_every_python_example_runs(
    page: str, code: str, tmp_path: Path, demo_as_parquet: Path, demo_as_ticks: Path
) -> None:
    """Examples run as they stand, but for the port of the venue."""
    shutil.copy(DEMO, tmp_path / "today.jsonl.zst")
    shutil.copy(demo_as_parquet, tmp_path)
    if "ticks/" in code:
        shutil.copytree(demo_as_ticks, tmp_path / "ticks")
    if page == DIALOGUE.name:
        write_dialogue(tmp_path)
    options = ["--mode", "venue", "--speed", "10"] if "open_session" in code else []  # there the client subscribes
    if "RecordingProxy" in code:
        options = ["--speed", "1"]  # its client leaves after a message, and would be sent too many to be heard to do so
    (tmp_path / "test_example.py").write_text(code)
    connects = VENUE in code
    with mock_venue(DEMO, *options) if connects else contextlib.nullcontext(VENUE) as url:
        program = ["-c", code.replace(VENUE, url)]
        tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_example.py"]
        done = subprocess.run(
            [sys.executable, *(tests if "def test_" in code else program)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            timeout=HANG_TIMEOUT,
            check=False,
        )
    assert done.returncode == 0, f"{page}: {done.stderr.decode()}{done.stdout.decode()}"
    assert done.stdout


def test_the_demo_in_the_readme_is_what_the_demo_prints(tmp_path: Path) -> None:
    """But for times, ports and sizes it is the real output."""
    (shown,) = (block for block in blocks(ROOT / "README.md", "console") if "$ make demo" in block)
    expected = shown.partition("$ make demo\n")[2]
    done = subprocess.run(
        [sys.executable, "-m", "feedrec", "demo"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=HANG_TIMEOUT,
        check=True,
    )

    def without_figures(text: str) -> list[str]:
        named = text.replace(f"{sys.executable} -m feedrec", ".venv-demo/bin/feedrec")
        return sorted(re.sub(r"\d[\d.]*", "0", line) for line in named.splitlines())

    assert without_figures(done.stdout.decode()) == without_figures(expected)


def words(text: str) -> str:
    """Return a text without its figures, and wherever its lines end."""
    return re.sub(r"\d[\d.,:]*", "0", " ".join(text.split()))


def on_screen(command: str, folder: Path) -> str:
    """Run a command of bash on a terminal of 80 columns, and return what it shows."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FEEDREC_", "COINBASE_"))}
    run_here = shlex.join([sys.executable, "-m", "feedrec"])
    with terminal() as (device, seen):
        subprocess.run(
            [shutil.which("bash") or "", "-c", f'feedrec() {{ {run_here} "$@"; }}; {command}'],
            cwd=folder,
            stdin=device,
            stdout=device,
            stderr=device,
            env={**environment, "TERM": "dumb", "COLUMNS": "80", "PYTHONPATH": str(ROOT)},
            timeout=HANG_TIMEOUT,
            check=False,
        )
    return bytes(seen).decode()


def test_the_first_hour_is_what_one_sees(tmp_path: Path) -> None:
    """One command after the other, on a terminal; but for figures it is the real output."""
    shutil.copy(DEMO, tmp_path / "today.jsonl.zst")
    page = "".join(blocks(ROOT / "docs" / "first-hour.md", "console"))
    commands = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", page, re.MULTILINE)
    assert len(commands) > 15
    with contextlib.ExitStack() as venues:
        url = ""
        for command, shown in commands:
            if command.startswith("feedrec replay "):
                replay = background(*shlex.split(command)[1:], "--port", 0, cwd=tmp_path)
                url = first_line(venues.enter_context(replay).stdout)
                output = url
            else:
                output = on_screen(command.replace(VENUE, url), tmp_path)
            assert words(output) == words(shown), command


def test_the_lines_of_the_format_are_those_that_are_written() -> None:
    """The examples in format.md decode, and encode to the same bytes."""
    example, refused, requests = blocks(ROOT / "docs" / "format.md", "jsonl")
    header, *lines = example.encode().splitlines()
    assert encode_header(decode_header(header)) == header
    for line in [*lines, *refused.encode().splitlines()]:
        record = decode_line(line)
        assert line == (encode_frame(record) if isinstance(record, Frame) else encode_event(record))
    for line in requests.encode().splitlines():
        event = decode_line(line)
        assert isinstance(event, Event)
        exchange = exchange_of(event)
        assert exchange is not None
        assert encode_event(http_event(exchange)) == line


def test_the_keys_of_the_header_are_documented() -> None:
    """Every key that a header is written with has its row in format.md."""
    text = (ROOT / "docs" / "format.md").read_text()
    for key in json.loads(encode_header(Header("x"))):
        assert f"| `{key}` |" in text


def test_every_command_is_in_the_readme() -> None:
    """No command goes without mention."""
    text = (ROOT / "README.md").read_text()
    for name in cli.list_commands(None):  # type: ignore[arg-type]
        assert f"| `feedrec {name}` |" in text


PARTS = "cli|testing|feeds|formats|recorder|replay|model|errors"


def named_modules() -> list[str]:
    """Return the dotted names of feedrec in the documents, and the new ones in the table of moved modules."""
    names = {name for page in PAGES for name in re.findall(rf"\bfeedrec\.(?:{PARTS})\b[\w.]*\w", page.read_text())}
    for row in re.findall(r"^\| `feedrec.* \| (.*) \|$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE):
        first, *others = re.findall(r"`([\w.]+)`", row)
        names |= {first, *(first.rpartition(".")[0] + other for other in others)}
    return sorted(names - {"feedrec.cli.commands.COMMAND"})


@pytest.mark.parametrize("name", named_modules())
def test_a_module_that_is_named_exists(name: str) -> None:
    """Documents name no module that has moved."""
    assert pkgutil.resolve_name(name)


def anchors_of(page: Path) -> set[str]:
    """Return what GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere() -> None:
    """Every relative link of a document is a file, and what follows a # is one of its headings."""
    examples = [ROOT / "examples" / "README.md", *ROOT.glob("examples/*/README.md")]
    for page in [*PAGES, *ABOUT_THE_CODE, *examples, ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
        for target, anchor in re.findall(r"\]\(([\w./-]*\.md)?#([^)]+)\)", page.read_text()):
            to = page.parent / target if target else page
            assert anchor in anchors_of(to), f"{page.name}: {target}#{anchor}"


def test_every_dependency_has_its_reason() -> None:
    """What is installed at run time is explained in CONTRIBUTING.md."""
    project = (ROOT / "pyproject.toml").read_text()
    dependencies = re.search(r"^dependencies = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    assert dependencies is not None
    extra = re.search(r"^metrics = \[(.*?)\]", project, re.MULTILINE)
    assert extra is not None
    names = re.findall(r'"([\w-]+)', dependencies[1] + extra[1])
    text = (ROOT / "CONTRIBUTING.md").read_text()
    assert {"click", "websockets", "PyJWT", "cryptography", "zstandard", "pyarrow"} <= set(names)
    for name in names:
        assert re.search(rf"^\| .*\b{name}\b.* \|", text, re.MULTILINE), name


@pytest.mark.parametrize("page", ABOUT_THE_CODE, ids=lambda page: page.name)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    """From the root, or as the end of a path in the package; capitals stand for a name to be filled in."""
    files = [str(path.relative_to(ROOT)) for path in (ROOT / "feedrec").rglob("*.py")]
    for name in re.findall(r"`([a-z][a-z0-9_./-]*\.(?:py|md|toml|txt|jsonl|jsonl\.zst))`", page.read_text()):
        assert (ROOT / name).exists() or any(path.endswith(f"/{name}") for path in files), name
    for name in re.findall(r"`((?:feedrec|tests|docs|scripts|benchmarks)/[a-z0-9_/]*)`", page.read_text()):
        assert (ROOT / name).is_dir(), name


def test_every_decision_is_in_the_index() -> None:
    """With its number, and no row without a page."""
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    rows = re.findall(r"^\| \[(\d{4})\]\(((\d{4})-[\w-]+\.md)\) \|", index, re.MULTILINE)
    assert [page for _, page, _ in rows] == [path.name for path in DECISIONS]
    assert [number for number, _, _ in rows] == [number for _, _, number in rows]


def events_written() -> set[str]:
    """Return the names that the package gives to events, wherever it makes one."""
    names = set()
    for module in (ROOT / "feedrec").rglob("*.py"):
        for call in ast.walk(ast.parse(module.read_text())):
            if isinstance(call, ast.Call):
                function = getattr(call.func, "attr", getattr(call.func, "id", ""))
                position = {"Event": 2, "Notice": 2, "event": 0, "_event": 0}.get(function)
                given = [*call.args[position : position + 1]] if position is not None else []
                given += [keyword.value for keyword in call.keywords if keyword.arg == "event"]
                names |= {one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return names


def test_every_event_has_its_row() -> None:
    """What the package writes is in the table of format.md."""
    text = (ROOT / "docs" / "format.md").read_text().partition("### Events")[2].partition("\n## ")[0]
    written = events_written()
    assert {"open", "clock", "gap", "failover", "damage", "missing", "silence"} <= written
    assert {name for name in written if f"| `{name}` |" not in text} == set()
