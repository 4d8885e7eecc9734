"""Names for people: what was meant by one that is unknown, and a few of many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["closest_name", "did_you_mean", "few_of"]


def closest_name(name: str, known: Iterable[str], cutoff: float = 0.8) -> str:
    """Return the known name that differs in capitals alone, or else one that is close; empty if there is none."""
    import difflib  # noqa: PLC0415  needed only when something is misspelled

    names = list(known)
    same = next((one for one in names if one.casefold() == name.casefold()), "")
    return same or next(iter(difflib.get_close_matches(name, names, n=1, cutoff=cutoff)), "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a suggestion to append to an error, or nothing if no known name is close."""
    close = closest_name(name, known, 0.6)
    return f"; did you mean {close!r}?" if close else ""


def few_of(names: Sequence[str], most: int = 5) -> str:
    """Return a list of names for people, cut after so many."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
