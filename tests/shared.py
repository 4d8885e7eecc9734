"""The folder beside the project in which real captures and small cases are; tests skip where it is not there."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SHARED"]

SHARED = Path(__file__).parents[2] / "shared"
"""The one place that knows where it is: a test that looked elsewhere would be skipped, and nobody would see it."""
