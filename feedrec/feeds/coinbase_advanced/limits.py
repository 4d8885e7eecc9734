"""Limits that the venue sets, each with its source."""

__all__ = ["MAX_LEVEL2_PRODUCTS"]

MAX_LEVEL2_PRODUCTS = 30
"""Products of level2 on one connection; the 31st was refused (probes of 2026-09-06)."""
