"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .timing import HANG_TIMEOUT

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
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=HANG_TIMEOUT
    )
    assert "feedrec" in loaded.stdout.split()
    assert {"pyarrow", "websockets", "rich"} & set(loaded.stdout.split()) == set()


PACKAGES = sorted(module.parent for module in MODULES if module.name == "__init__.py")

each_package = pytest.mark.parametrize(
    "package", PACKAGES, ids=lambda package: str(package.relative_to(PACKAGE.parent))
)


def parts_of(package: Path) -> set[str]:
    """Give the modules and rooms of a package as its docstring names them: `x.py` and `y/`."""
    modules = {path.name for path in package.glob("*.py") if not path.name.startswith("__")}
    return modules | {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}


@each_package
def test_a_package_names_exactly_its_modules(package: Path) -> None:
    """The map in the docstring of a package is of what is there: nothing more, nothing less."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    rows = [line for line in text.splitlines() if line.startswith("    ")]
    named = [name for line in rows for name in re.findall(r"(?:^|\s\s)(\w+(?:\.py|/))(?=\s)", line)]
    assert sorted(named) == sorted(parts_of(package))


@each_package
def test_a_folder_has_at_most_15_modules(package: Path) -> None:
    assert len([path for path in package.glob("*.py") if path.name != "__init__.py"]) <= 15


def test_only_one_module_knows_how_files_are_named_or_locked() -> None:
    """What `.part` means, and what a lock is, stands once."""
    texts = {name: module.read_text() for name, module in zip(NAMES, MODULES, strict=True)}
    assert [name for name, text in texts.items() if "import fcntl" in text] == ["formats/file/lock.py"]
    rule = re.compile(r"""["']\.(part|parquet|repairing|jsonl(\.zst|\.gz)?)["']""")
    assert [name for name, text in texts.items() if rule.search(text)] == ["formats/file/names.py"]
