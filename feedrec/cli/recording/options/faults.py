"""Which options an error is about, for whoever knows where they were given."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from ....errors import UsageError

__all__ = ["about", "options_of"]

_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*[a-z])")


@contextlib.contextmanager
def about(*options: str) -> Iterator[None]:
    """Have what is refused in the block be about these options, by their long names: the likeliest first."""
    try:
        yield
    except UsageError as error:
        error.options = (*error.options, *options)
        raise


def options_of(error: UsageError) -> list[str]:
    """Return the options that an error is about: those that its text names, then those that it was said of."""
    return [*_OPTION.findall(str(error)), *error.options]
