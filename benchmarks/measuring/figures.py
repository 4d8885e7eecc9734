"""The rows of all groups, as JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec

from .machine import Machine
from .rows import Row

__all__ = ["Figures", "Group", "read_figures", "write_figures"]


class Group(msgspec.Struct):
    """
    What was measured together.

    Attributes:
        machine: Where, and when.
        seconds: How long it took.
        rows: The rows.
        error: Why it ended early; empty if it did not.

    """

    machine: Machine
    seconds: float
    rows: list[Row] = []
    error: str = ""


class Figures(msgspec.Struct):
    """Everything that was measured: groups by name."""

    groups: dict[str, Group] = {}


def read_figures(path: Path) -> Figures:
    """Return the figures in a file; none if there is no such file."""
    return msgspec.json.decode(path.read_bytes(), type=Figures) if path.exists() else Figures()


def write_figures(path: Path, figures: Figures) -> None:
    """Write the figures to a file, four digits of each."""
    rounded = _rounded(msgspec.to_builtins(figures))
    path.write_bytes(msgspec.json.format(msgspec.json.encode(rounded), indent=1) + b"\n")


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value
