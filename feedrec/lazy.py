"""Packages that import what they offer when it is first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["offer"]


def offer(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """
    Return the `__getattr__` of a package (PEP 562), which imports what is asked for.

    Args:
        package: Its name.
        modules: For each name that it offers, the module in it that has this.

    """

    def find(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f".{modules[name]}", package), name)
        setattr(sys.modules[package], name, found)
        return found

    return find
