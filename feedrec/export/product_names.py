"""Products as parts of file names, by which each can be told from all others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ..formats.file.naming.safe_names import safe_name

__all__ = ["ProductNames"]

_DIGEST = 8  # digits that tell products apart whose names look alike in a file name


class ProductNames:
    """
    Gives each product a name: its own, or if that cannot be, one with a checksum.

    Args:
        spell: Returns a product as a part of a file name, which may be that of others too.

    """

    def __init__(self, spell: Callable[[str], str] = safe_name) -> None:
        self._spell = spell
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()  # to some disks capitals are the same

    def of(self, product: str) -> str:
        """Return the name of a product, the same each time."""
        if product not in self._names:
            name = self._spell(product)
            if name != product or name.casefold() in self._taken:
                name = f"{name}-{hashlib.sha256(product.encode(errors='surrogatepass')).hexdigest()[:_DIGEST]}"
            self._names[product] = name
            self._taken.add(name.casefold())
        return self._names[product]
