"""Running a composite action of GitHub as its runner does, as far as action.yml here needs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
from ruamel.yaml import YAML

from ..timing import HANG_TIMEOUT

__all__ = ["INSTALL_TIMEOUT", "ROOT", "ActionResult", "read_yaml", "run_action"]

ROOT = Path(__file__).parents[2]

INSTALL_TIMEOUT = 10 * HANG_TIMEOUT
"""Seconds after which something that installs packages has hung."""


class ActionResult(msgspec.Struct):
    """
    What an action left behind.

    Attributes:
        code: Exit code of the first step that failed; 0 if none did.
        log: What its steps printed.
        outputs: The outputs of the action.
        variables: What the steps that follow find in their environment.

    """

    code: int
    log: str
    outputs: dict[str, str]
    variables: dict[str, str]


def read_yaml(text: str) -> Any:
    """Read YAML as GitHub and GitLab do: plain data, `on` a key."""
    return YAML(typ="safe", pure=True).load(text)


def run_action(inputs: dict[str, str], workspace: Path, temporary: Path) -> ActionResult:
    """
    Run the steps of action.yml one after the other, until one fails.

    Args:
        inputs: Those that are given; all others have their defaults.
        workspace: Where the steps run.
        temporary: What is RUNNER_TEMP for them.

    """
    action = read_yaml((ROOT / "action.yml").read_text())
    known = {f"inputs.{name}": inputs.get(name, given.get("default", "")) for name, given in action["inputs"].items()}
    variables, log, code = dict[str, str](), "", 0
    for step in action["runs"]["steps"]:
        files = {name: temporary / name.lower() for name in ("GITHUB_ENV", "GITHUB_OUTPUT")}
        for file in files.values():
            file.write_text("")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FEEDREC_")},
            **{name: str(path) for name, path in files.items()},
            "GITHUB_ACTION_PATH": str(ROOT),
            "RUNNER_TEMP": str(temporary),
            "PIP_NO_COMPILE": "1",  # most of the time of an installation
            **variables,
            **{name: _filled_in(value, known) for name, value in step.get("env", {}).items()},
        }
        script = temporary / "step.sh"
        script.write_text(step["run"])
        assert step["shell"] == "bash"
        bash = shutil.which("bash")
        assert bash is not None
        with (temporary / "step.log").open("w+") as output:  # not a pipe: what runs on would hold it open
            code = subprocess.run(
                [bash, "--noprofile", "--norc", "-eo", "pipefail", script],
                cwd=workspace,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=INSTALL_TIMEOUT,
                check=False,
            ).returncode
            output.seek(0)
            log += output.read()
        variables |= _pairs(files["GITHUB_ENV"])
        known |= {
            f"steps.{step.get('id')}.outputs.{name}": value for name, value in _pairs(files["GITHUB_OUTPUT"]).items()
        }
        if code:
            break
    outputs = {name: _filled_in(output["value"], known) for name, output in action["outputs"].items()}
    return ActionResult(code, log, outputs, variables)


def _filled_in(text: str, known: dict[str, str]) -> str:
    """Put in what stands for `${{ ... }}`; what is not known is empty, as for the runner."""
    return re.sub(r"\$\{\{ *(\S+) *\}\}", lambda match: known.get(match[1], ""), text)


def _pairs(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())
