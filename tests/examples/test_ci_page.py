"""docs/ci.md: each recipe is carried out."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..cli.command import DEMO
from .composite_action import INSTALL_TIMEOUT, ROOT, read_yaml, run_action
from .linting import lint

PAGE = (ROOT / "docs" / "ci.md").read_text()
BIN = Path(sys.executable).parent


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found, language
    return found


def run(script: str, cwd: Path) -> str:
    """Run a script of bash, with feedrec and this Python first in the path; give what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FEEDREC_", "PYTEST_"))}
    done = subprocess.run(
        [shutil.which("bash") or "", "-eo", "pipefail", "-c", script],
        cwd=cwd,
        env={**environment, "PATH": f"{BIN}:{os.environ['PATH']}", "PIPX_HOME": str(cwd / "pipx")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=INSTALL_TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """Give a copy of the examples: what the recipes use is there."""
    unwanted = shutil.ignore_patterns("node_modules", "__pycache__", ".*", "*test*")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=unwanted)
    return tmp_path / "examples"


def test_pytest(examples: Path) -> None:
    (examples / "bot" / "test_recorded.py").write_text(blocks("python pytest")[0])
    assert "1 passed" in run("python -m pytest --feed-block-network", examples / "bot")


def test_unittest(examples: Path) -> None:
    (examples / "bot" / "test_recorded.py").write_text(blocks("python unittest")[0])
    assert "Ran 1 test" in run("python -m unittest", examples / "bot")


def test_node(examples: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("there is no Node")
    (examples / "bot-node" / "recorded.test.mjs").write_text(blocks("js test")[0])
    assert "# pass 1" in run("npm install --no-audit --no-fund && node --test", examples / "bot-node")


@pytest.mark.parametrize("line", blocks("sh run")[0].splitlines())
def test_without_installing(line: str, examples: Path) -> None:
    (examples / "bot" / "feedrec").symlink_to(ROOT)
    shutil.copy(DEMO, examples / "bot" / "today.jsonl.zst")
    output = run(line.replace("python bot.py", shlex.join([sys.executable, "bot.py"])), examples / "bot")
    assert re.search(r"^2026-11-21T.* sell ", output, re.MULTILINE)


def steps_of(workflow: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = read_yaml(workflow)["jobs"]["tests"]["steps"]
    return steps


@pytest.mark.parametrize("workflow", blocks("yaml github"), ids=["steps", "command"])
def test_github_takes_the_workflows(workflow: str, tmp_path: Path) -> None:
    (tmp_path / "tests.yml").write_text(workflow)
    lint("check-jsonschema", "--builtin-schema", "vendor.github-workflows", tmp_path / "tests.yml")
    inputs = read_yaml((ROOT / "action.yml").read_text())["inputs"]
    (step,) = (step for step in steps_of(workflow) if "feedrec" in step.get("uses", ""))
    assert set(step["with"]) <= set(inputs)


def test_the_action_does_what_the_workflow_with_a_command_wants(examples: Path, tmp_path: Path) -> None:
    """But for the suite in Node."""
    (step,) = (step for step in steps_of(blocks("yaml github")[1]) if "feedrec" in step.get("uses", ""))
    feeds = examples / "bot" / "feeds"
    shutil.copy(feeds / "btc-usd.jsonl", feeds / "eth-usd.jsonl")
    (feeds / "eth-usd.jsonl").write_text((feeds / "eth-usd.jsonl").read_text().replace("BTC-USD", "ETH-USD"))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (temporary / "feedrec" / "bin").mkdir(parents=True)
    (temporary / "feedrec" / "bin" / "feedrec").symlink_to(BIN / "feedrec")
    result = run_action({**step["with"], "command": "printenv FEEDREC_URL"}, examples / "bot", temporary)
    assert result.code == 0, result.log
    assert "ws://127.0.0.1:" in result.log


def test_every_input_of_the_action_has_its_row() -> None:
    action = read_yaml((ROOT / "action.yml").read_text())
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`(\S+)`)? *\|", PAGE.partition("| input |")[2], re.MULTILINE))
    assert rows == {name: given.get("default", "") for name, given in action["inputs"].items()}
    for name in action["outputs"]:
        assert f"`{name}`" in PAGE


@pytest.mark.parametrize("pipeline", blocks("yaml gitlab"), ids=["python", "service"])
def test_gitlab_takes_the_pipelines(pipeline: str, tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text(pipeline)
    lint("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", tmp_path / ".gitlab-ci.yml")


def test_the_script_for_gitlab_runs(examples: Path) -> None:
    (line,) = read_yaml(blocks("yaml gitlab")[0])["tests"]["script"]
    assert run(line, examples / "bot").count(" sell ") == 2


def test_compose_takes_the_services(tmp_path: Path) -> None:
    (block,) = blocks("yaml compose")
    (tmp_path / "compose.yml").write_text(block)
    lint("check-jsonschema", "--builtin-schema", "vendor.compose-spec", tmp_path / "compose.yml")


def test_the_image_with_a_recording_is_one(tmp_path: Path) -> None:
    (block,) = blocks("dockerfile")
    (tmp_path / "Dockerfile").write_text(block)
    lint("hadolint", "--ignore", "DL3006", tmp_path / "Dockerfile")  # no version: it is made here
