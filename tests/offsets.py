"""Places in a file at which it is damaged: all of them where tests are thorough, else others from test to test."""

from __future__ import annotations

from collections.abc import Sequence

import hypothesis

__all__ = ["offsets"]

_THOROUGH = 100  # examples, as the profile of that name in conftest.py has it


def offsets(size: int, variant: int, variants: Sequence[int], step: int = 1) -> range:
    """
    Give offsets into a file.

    Args:
        size: Its size.
        variant: What is done there.
        variants: All that is done in tests like this: unless they are thorough, each place meets one of them.
        step: How far the places are apart.

    """
    if hypothesis.settings().max_examples >= _THOROUGH:
        return range(0, size, step)
    return range(step * variants.index(variant), size, step * len(variants))
