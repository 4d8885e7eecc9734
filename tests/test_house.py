"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "feedrec"
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(module.relative_to(PACKAGE)) for module in MODULES]
VAGUE = ("manager", "helper", "util", "misc")

each_module = pytest.mark.parametrize("module", MODULES, ids=NAMES)


def definitions(module: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, kinds)]


@each_module
def test_a_module_has_fewer_than_400_lines(module: Path) -> None:
    assert len(module.read_text().splitlines()) < 400


@each_module
def test_a_function_has_fewer_than_50_lines(module: Path) -> None:
    long = {
        node.name: (node.end_lineno or node.lineno) - node.lineno + 1
        for node in definitions(module)
        if not isinstance(node, ast.ClassDef)
    }
    assert {name: lines for name, lines in long.items() if lines >= 50} == {}


@each_module
def test_a_module_says_what_it_is_for(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text()))


@each_module
def test_no_name_is_vague(module: Path) -> None:
    names = [*module.relative_to(PACKAGE).parts, *(node.name for node in definitions(module))]
    assert [name for name in names if any(word in name.lower() for word in VAGUE)] == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, feedrec; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert "feedrec" in loaded.stdout.split()
    assert {"pyarrow", "websockets", "rich"} & set(loaded.stdout.split()) == set()
