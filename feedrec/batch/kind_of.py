"""Which kinds of tasks there are, each loaded when it is used."""

from __future__ import annotations

import importlib
from typing import cast

from ..errors import UsageError
from .kinds.made import Kind

__all__ = ["KINDS", "kind_of"]

KINDS = {"convert": "converting", "verify": "verifying", "info": "informing", "export": "exporting"}
"""The kinds, and the module of each."""


def kind_of(name: str) -> Kind:
    """
    Return what a kind of tasks does.

    Raises:
        UsageError: If there is none of that name.

    """
    if name not in KINDS:
        raise UsageError(f"no batch can {name!r}: it can {', '.join(KINDS)}")
    module = importlib.import_module(f"{__package__}.kinds.{KINDS[name]}")
    return cast(Kind, getattr(module, name.upper()))
