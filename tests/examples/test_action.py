"""The action at the root: its steps run as the runner of GitHub runs them."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from ..cli.command import DEMO
from ..timing import HANG_TIMEOUT, wait_until
from .composite_action import ROOT, ActionResult, read_yaml, run_action

TICKER = '{"type":"subscribe","channel":"ticker","product_ids":["BTC-USD"]}'


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a RUNNER_TEMP in which the action has installed feedrec, in an environment of its own."""
    temporary = tmp_path_factory.mktemp("runner temp")  # with a space in its name
    shutil.copy(DEMO, temporary / "btc.jsonl.zst")
    result = run_action(
        {"recording": "btc.jsonl.zst", "python": sys.executable, "command": "true"}, temporary, temporary
    )
    assert result.code == 0, result.log
    return temporary


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    shutil.copy(DEMO, tmp_path / "btc usd.jsonl.zst")
    return tmp_path


@contextlib.contextmanager
def replaying(inputs: dict[str, str], workspace: Path, installed: Path) -> Iterator[ActionResult]:
    """Run the action without a command; end the replay as a step that follows would."""
    result = run_action(inputs, workspace, installed)
    assert result.code == 0, result.log
    pid = int(result.outputs["pid"])
    try:
        yield result
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: "replayed to" in Path(result.outputs["log"]).read_text() or not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def tickers(url: str) -> int:
    """Receive what a client of one channel receives, to the end."""
    with connect(url, max_size=None, open_timeout=HANG_TIMEOUT) as venue:
        venue.send(TICKER)
        return len(list(venue))


def test_the_steps_that_follow_have_a_venue(workspace: Path, installed: Path) -> None:
    with replaying({"recording": "btc usd.jsonl.zst"}, workspace, installed) as result:
        assert result.outputs["url"].startswith("ws://127.0.0.1:")
        url = result.outputs["url"]
        assert result.variables == {"FEEDREC_URL": url, "FEEDREC_REST_URL": url.replace("ws://", "http://")}
        assert tickers(result.outputs["url"]) > 100


def test_a_command_ends_the_replay_and_its_exit_code_counts(workspace: Path, installed: Path) -> None:
    result = run_action(
        {"recording": "btc usd.jsonl.zst", "command": "echo $FEEDREC_URL\nexit 7"}, workspace, installed
    )
    assert result.code == 7
    assert "ws://127.0.0.1:" in result.log
    assert result.outputs == {"url": "", "log": "", "pid": ""}


def test_a_command_stops_at_the_first_failure_also_in_a_pipe(workspace: Path, installed: Path) -> None:
    result = run_action({"recording": "btc usd.jsonl.zst", "command": "false | cat\necho on"}, workspace, installed)
    assert result.code == 1
    assert "on\n" not in result.log


def test_several_recordings_and_further_options(workspace: Path, installed: Path) -> None:
    """One recording a line; in `args`, quotes keep words together."""
    (workspace / "first.jsonl.zst").symlink_to("btc usd.jsonl.zst")
    inputs = {
        "recording": "\nfirst.jsonl.zst\n",
        "args": "--to '2026-11-21 17:02:10'\n--at-end hold -q",
        "speed": "max",
        "command": f"{shlex.quote(sys.executable)} -c 'import os; print(os.environ)'",
    }
    result = run_action(inputs, workspace, installed)
    assert result.code == 0, result.log
    result = run_action({**inputs, "recording": "first.jsonl.zst\nbtc usd.jsonl.zst"}, workspace, installed)
    assert result.code != 0
    assert "btc usd.jsonl.zst" in result.log  # the same recording twice, so it was read as two


@pytest.mark.parametrize("name", ["recording", "speed", "port", "args"])
def test_an_input_is_never_code(name: str, workspace: Path, installed: Path) -> None:
    inputs = {"recording": "btc usd.jsonl.zst", name: '$(touch made)`touch made`"; touch made; "'}
    assert run_action(inputs, workspace, installed).code != 0
    assert not (workspace / "made").exists()


def test_what_is_wrong_is_said(workspace: Path, installed: Path) -> None:
    result = run_action({"recording": "missing.jsonl.zst"}, workspace, installed)
    assert result.code == 1
    assert "missing.jsonl.zst" in result.log
    assert "::error::feedrec replay did not start" in result.log
    assert "Traceback" not in result.log


def test_a_quote_without_an_end_is_said(workspace: Path, installed: Path) -> None:
    result = run_action({"recording": "btc usd.jsonl.zst", "args": "--to '+5s"}, workspace, installed)
    assert result.code == 1
    assert "::error::args: a quote has no end" in result.log


def test_a_python_that_is_too_old_is_refused_before_anything_is_installed(workspace: Path, tmp_path: Path) -> None:
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    result = run_action({"recording": "btc usd.jsonl.zst", "python": str(old)}, workspace, temporary)
    assert result.code == 1
    assert "Python 3.11 or newer" in result.log
    assert not (temporary / "feedrec").exists()


def test_no_script_has_an_expression_in_it() -> None:
    steps = read_yaml((ROOT / "action.yml").read_text())["runs"]["steps"]
    assert [step["name"] for step in steps if "${{" in step["run"]] == []
