"""
Names that others chose, as parts of a file name: of channels, of products, of endpoints.

Whatever they are, they never lead out of a folder, never hide a file, and have a bounded length.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

__all__ = ["LONGEST", "joined_names", "safe_name"]

LONGEST = 80
"""Bytes that a name may have in that of a file."""

_MOST = 4  # names that are joined
_OTHER = re.compile(r"[^\w.+@-]")
_DIGEST = 8  # digits that tell names apart which are cut


def safe_name(name: str) -> str:
    """
    Return a name as a part of a file name: letters, digits and `_.+@-`, no dot at its beginning, and not empty.

    A longer one than `LONGEST` is cut, and tells by a checksum which one it was.
    """
    safe = _OTHER.sub("-", name.replace("*", "all")) or "-"
    undotted = safe.lstrip(".")
    safe = "-" * (len(safe) - len(undotted)) + undotted
    if len(safe.encode()) <= LONGEST:
        return safe
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:_DIGEST]
    return f"{safe.encode()[: LONGEST - _DIGEST - 1].decode(errors='ignore')}-{digest}"


def joined_names(names: Sequence[str], what: str) -> str:
    """
    Return names as one part of a file name: `level2+ticker`, how many there are if that would be long, or `all`.

    Args:
        names: The names; each counts once.
        what: What they are, in the plural: `channels`.

    """
    distinct = list(dict.fromkeys(names))
    joined = "+".join(map(safe_name, distinct))
    if len(distinct) > 1 and (len(distinct) > _MOST or len(joined.encode()) > LONGEST):
        return f"{len(distinct)}-{what}"
    return joined or "all"
