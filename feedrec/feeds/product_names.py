"""Products as venues spell them, where that follows from their form."""

from __future__ import annotations

import re

__all__ = ["upper_case_product"]

_UPPER_CASE = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)+")


def upper_case_product(product: str) -> str:
    """Return `btc-usd`, `BTC/USD` or `btc_usd` as `BTC-USD`, and what is of no such form as it is."""
    name = product.upper().replace("/", "-").replace("_", "-")
    return name if _UPPER_CASE.fullmatch(name) else product
