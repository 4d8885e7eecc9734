"""The page on the architecture speaks of what is there."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "feedrec"
PAGE = (ROOT / "docs" / "architecture.md").read_text()
QUOTED = sorted(set(re.findall(r"`([^`\n]+)`", PAGE)))
DOTTED_NAMES = [name for name in QUOTED if re.fullmatch(r"[A-Z]\w+\.\w+", name)]
PATHS = [name for name in QUOTED if "/" in name and " " not in name and "VENUE" not in name]


@functools.cache
def members() -> dict[str, set[str]]:
    """Map each class of the package to the functions in it."""
    found: dict[str, set[str]] = {}
    for module in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.ClassDef):
                functions = {
                    part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                }
                found.setdefault(node.name, set()).update(functions)
    return found


@pytest.mark.parametrize("name", DOTTED_NAMES)
def test_every_function_on_the_routes_exists(name: str) -> None:
    """`Class.function` is a function of that class."""
    owner, _, function = name.partition(".")
    assert function in members()[owner]


@pytest.mark.parametrize("path", PATHS)
def test_every_path_exists(path: str) -> None:
    """A path is one of the package, or stands in a folder that the page names."""
    name = path.removesuffix("/")
    assert (PACKAGE / name).exists() or any(folder.match(f"*/{name}") for folder in PACKAGE.rglob("*"))


def test_the_page_has_both_routes() -> None:
    """There is something to check on it."""
    assert len(DOTTED_NAMES) > 25
    assert len(PATHS) > 30
