"""The bots of examples/, copied out of the checkout, with their suites."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..cli.command import DEMO, feedrec
from .composite_action import INSTALL_TIMEOUT, ROOT

COMMAND = Path(sys.executable).with_name("feedrec")
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("FEEDREC_", "PYTEST_"))},
    "PATH": f"{COMMAND.parent}:{os.environ['PATH']}",
}
SIGNALS = ["sell 91374.18", "buy 91374.28", "sell 91374.87", "buy 91374.64"]


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    unwanted = shutil.ignore_patterns("node_modules", "__pycache__", ".*")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=unwanted)
    return tmp_path / "examples"


@pytest.fixture
def node_folder(examples: Path) -> Path:
    if shutil.which("npm") is None:
        pytest.skip("there is no Node")
    run("npm", "install", "--no-audit", "--no-fund", cwd=examples / "bot-node")
    return examples / "bot-node"


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command in a folder; give what it printed."""
    done = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def without_times(output: str) -> list[str]:
    return [line.partition(" ")[2] for line in output.splitlines()]


def test_the_suite_of_the_bot_passes(examples: Path) -> None:
    assert "5 passed" in run(sys.executable, "-m", "pytest", cwd=examples / "bot")


def test_the_bot_runs_by_itself(examples: Path) -> None:
    recording = "feeds/btc-usd.jsonl"
    output = run(COMMAND, "replay", recording, "--speed", "max", "--", sys.executable, "bot.py", cwd=examples / "bot")
    assert without_times(output) == SIGNALS


def test_the_suite_in_node_passes(node_folder: Path) -> None:
    assert "# pass 4" in run("npm", "test", cwd=node_folder)


def test_the_bot_in_node_runs_by_itself(node_folder: Path) -> None:
    recording = "../bot/feeds/btc-usd.jsonl"
    output = run(COMMAND, "replay", recording, "--speed", "max", "--", "node", "bot.mjs", cwd=node_folder)
    assert without_times(output) == SIGNALS


def test_the_recording_is_what_its_readme_makes(tmp_path: Path) -> None:
    """The command that is shown gives the file that is there."""
    (shown,) = (
        line for line in (ROOT / "examples/bot/README.md").read_text().splitlines() if "feedrec convert" in line
    )
    arguments = shown.split()[2:]
    arguments[arguments.index("-o") + 1] = str(tmp_path / "made.jsonl")
    assert (ROOT / "examples" / "bot" / arguments[0]).resolve() == DEMO
    assert feedrec("convert", *arguments, cwd=ROOT / "examples" / "bot").returncode == 0
    assert (tmp_path / "made.jsonl").read_bytes() == (ROOT / "examples/bot/feeds/btc-usd.jsonl").read_bytes()
