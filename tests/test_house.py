"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.pathlib import fnmatch_ex

from .timing import HANG_TIMEOUT

PACKAGE = Path(__file__).parents[1] / "feedrec"
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(module.relative_to(PACKAGE)) for module in MODULES]
VAGUE = ("manager", "helper", "util", "misc")


def offenders(paths: Iterable[Path], look: Callable[[Path], Any]) -> dict[str, Any]:
    """Give what is wrong in each file, by its name: a test for each would take longer than what it looks at."""
    found = {str(path.relative_to(PACKAGE.parent)): look(path) for path in paths}
    return {name: wrong for name, wrong in found.items() if wrong}


@functools.cache
def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text())


@functools.cache
def definitions(module: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in ast.walk(tree_of(module)) if isinstance(node, kinds)]


@pytest.fixture(scope="module", autouse=True)
def _no_trees_afterwards() -> Iterator[None]:
    """Let go of half a million nodes: each search for garbage that a later test asks for would look through them."""
    yield
    for kept in (tree_of, definitions, commands):
        kept.cache_clear()


def test_all_tests_are_found_but_those_with_a_target_of_their_own(pytestconfig: pytest.Config) -> None:
    """A name that leaves out one folder leaves out others of that name: 206 tests were never run for that."""
    tests = Path(__file__).parent
    patterns = pytestconfig.getini("norecursedirs")
    folders = {file.parent for file in tests.rglob("test_*.py")}
    found = {folder for folder in folders if any(fnmatch_ex(pattern, folder) for pattern in patterns)}
    apart = {"backtesters", "cloud", "dask", "examples", "interop", "page"}
    assert {str(folder.relative_to(tests)) for folder in found} == apart


def test_a_module_has_fewer_than_400_lines() -> None:
    lines = {module: len(module.read_text().splitlines()) for module in MODULES}
    assert offenders(MODULES, lambda module: lines[module] >= 400 and lines[module]) == {}


def test_a_function_has_fewer_than_50_lines() -> None:
    def too_long(module: Path) -> dict[str, int]:
        functions = (node for node in definitions(module) if not isinstance(node, ast.ClassDef))
        lengths = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
        return {name: lines for name, lines in lengths.items() if lines >= 50}

    assert offenders(MODULES, too_long) == {}


def is_command(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return any("click.command(" in ast.unparse(decorator) for decorator in node.decorator_list)


@functools.cache
def commands() -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    """Give each command with the name of its module: found when a test asks, since each worker collects all tests."""
    return [
        (module.stem, node)
        for module in MODULES
        if module.is_relative_to(PACKAGE / "cli" / "commands")
        for node in definitions(module)
        if is_command(node)
    ]


def test_the_body_of_a_command_has_fewer_than_40_lines() -> None:
    """It parses, calls one function, prints; options and help are not counted."""
    for name, command in commands():
        assert command.name.strip("_") == name
        assert ast.get_docstring(command), name
        first = command.body[1]
        assert (command.end_lineno or first.lineno) - first.lineno + 1 < 40, name


def test_every_module_of_commands_has_one() -> None:
    assert [name for name, _ in commands()] == [
        module.stem
        for module in MODULES
        if module.is_relative_to(PACKAGE / "cli" / "commands") and module.stem[0] != "_"
    ]


def test_a_module_says_what_it_is_for() -> None:
    assert offenders(MODULES, lambda module: not ast.get_docstring(tree_of(module))) == {}


def docstrings(module: Path) -> list[str]:
    nodes = (tree_of(module), *definitions(module))
    return [text for node in nodes if (text := ast.get_docstring(node))]


PATHS = [f"/{path.relative_to(PACKAGE.parent)}" for path in MODULES]


def test_no_docstring_mentions_a_module_that_is_not_there() -> None:
    """Neither as `x.py`, or `y/x.py`, nor as `feedrec.y.x`."""

    def lost(module: Path) -> list[str]:
        text = "\n".join(docstrings(module))
        mentioned = re.findall(r"[\w/]+\.py\b", text)
        mentioned += [f"{name.replace('.', '/')}" for name in re.findall(r"\bfeedrec(?:\.[a-z_]+)+\b", text)]
        return [name for name in mentioned if not any(_leads_to(name, path) for path in PATHS)]

    assert offenders(MODULES, lost) == {}


def _leads_to(name: str, path: str) -> bool:
    """Tell whether a name, which may end in that of something within a module, means a module at this path."""
    if name.endswith(".py"):
        return path.endswith(f"/{name}")
    return any(path in (f"/{one}.py", f"/{one}/__init__.py") for one in (name, name.rpartition("/")[0]) if "/" in one)


def test_no_name_is_vague() -> None:
    def vague(module: Path) -> list[str]:
        names = [*module.relative_to(PACKAGE).parts, *(node.name for node in definitions(module))]
        return [name for name in names if any(word in name.lower() for word in VAGUE)]

    assert offenders(MODULES, vague) == {}


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, feedrec; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=HANG_TIMEOUT
    )
    assert "feedrec" in loaded.stdout.split()
    assert {"pyarrow", "websockets"} & set(loaded.stdout.split()) == set()


PACKAGES = sorted(module.parent for module in MODULES if module.name == "__init__.py")


def parts_of(package: Path) -> set[str]:
    """Give the modules and rooms of a package as its docstring names them: `x.py` and `y/`."""
    modules = {path.name for path in package.glob("*.py") if not path.name.startswith("__")}
    return modules | {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}


def test_a_package_names_exactly_its_modules() -> None:
    """The map in the docstring of a package is of what is there: nothing more, nothing less, and nothing twice."""

    def differing(package: Path) -> list[str]:
        text = ast.get_docstring(tree_of(package / "__init__.py")) or ""
        rows = [line for line in text.splitlines() if line.startswith("    ")]
        named = [name for line in rows for name in re.findall(r"(?:^|\s\s)(\w+(?:\.py|/))(?=\s)", line)]
        twice = [name for name in set(named) if named.count(name) > 1]
        return sorted(set(named) ^ parts_of(package)) + twice

    assert offenders(PACKAGES, differing) == {}


def test_a_folder_has_at_most_15_modules() -> None:
    def too_many(package: Path) -> list[str]:
        modules = [path.name for path in package.glob("*.py") if path.name != "__init__.py"]
        return modules if len(modules) > 15 else []

    assert offenders(PACKAGES, too_many) == {}


def test_only_one_module_knows_how_files_are_named_or_locked() -> None:
    """What `.part` means, and what a lock is, stands once."""
    texts = {name: module.read_text() for name, module in zip(NAMES, MODULES, strict=True)}
    assert [name for name, text in texts.items() if "import fcntl" in text] == ["formats/file/lock.py"]
    rule = re.compile(r"""["']\.(part|parquet|repairing|state|jsonl(\.zst|\.gz)?)["']""")
    assert [name for name, text in texts.items() if rule.search(text)] == ["formats/file/names.py"]


TESTS = Path(__file__).parent
WHOLE = ("backtesters", "cloud", "conversations", "dask", "examples", "interop", "page")
"""Folders of tests that are about the whole, as those at the top level are."""

MIRRORS = [
    path
    for path in sorted(TESTS.rglob("test_*.py"))
    if path.parent != TESTS and path.relative_to(TESTS).parts[0] not in WHOLE
]


def test_a_test_file_mirrors_a_module() -> None:
    """`tests/y/test_x.py` and `test_x_more.py` are about `feedrec/y/x.py` or the room `x/`, `test_y.py` about `y`."""

    def mirrors_nothing(path: Path) -> bool:
        room = PACKAGE / path.parent.relative_to(TESTS)
        names = {name.removesuffix(".py").removesuffix("/") for name in parts_of(room)} | {room.name}
        about = path.stem.removeprefix("test_")
        return not (room / "__init__.py").exists() or not any(f"{about}_".startswith(f"{name}_") for name in names)

    assert offenders(MIRRORS, mirrors_nothing) == {}


def test_one_module_of_the_tests_knows_where_shared_files_are() -> None:
    """Another one that looked elsewhere after it was moved was skipped, and nobody saw it."""
    folder = Path(__file__).parent
    there = {str(path.relative_to(folder)) for path in folder.rglob("*.py") if '/ "shared"' in path.read_text()}
    assert there == {"shared.py", Path(__file__).name}
