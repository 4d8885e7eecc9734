"""What is written for other tools is what they take."""

from __future__ import annotations

from pathlib import Path

import pytest

from .composite_action import ROOT, read_yaml
from .linting import lint

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
STEPS = read_yaml((ROOT / "action.yml").read_text())["runs"]["steps"]


def test_the_action_is_one() -> None:
    lint("check-jsonschema", "--builtin-schema", "vendor.github-actions", ROOT / "action.yml")


def test_the_workflows_are_some() -> None:
    assert WORKFLOWS
    lint("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


@pytest.mark.parametrize("step", STEPS, ids=[step["name"] for step in STEPS])
def test_the_scripts_of_the_action_have_no_pitfalls(step: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "step.sh").write_text(step["run"])
    lint("shellcheck", "--shell=bash", tmp_path / "step.sh")


def test_the_script_of_a_submission_has_no_pitfalls() -> None:
    lint("shellcheck", ROOT / ".ci" / "run")


def test_the_dockerfile_is_as_it_should_be() -> None:
    lint("hadolint", ROOT / "Dockerfile")
