"""
On which lines the keys of a TOML document are, which `tomllib` does not tell.

The document must be one that `tomllib` has read: so whatever stands here is valid, and only the ends of keys and values
are looked for (toml.io/en/v1.0.0).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

__all__ = ["KeyPath", "lines_of_keys"]

KeyPath = tuple[str, ...]
"""The keys that lead to a value, from the top."""

_PART = r"""(?:[\w-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
_BETWEEN = re.compile(r"(?:[\s,]|#[^\n]*)*")  # values of an array, and statements
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_SCALAR = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'  # two quotes more may be the last characters of the text
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'"
    r"|[^,\]}#\n]+",  # numbers, booleans, and times, which may have a space
    re.DOTALL,
)


def lines_of_keys(text: str) -> Mapping[KeyPath, int]:
    """
    Return the line, from 1 on, of each key and of the head of each table; of arrays of tables, the first one.

    Args:
        text: The document.

    Raises:
        ValueError: If it is no document that `tomllib` reads.
        RecursionError: If values are nested too deeply.

    """
    return _Scan(text).found


class _Scan:
    """Goes over a document once."""

    def __init__(self, text: str) -> None:
        self.found: dict[KeyPath, int] = {}
        self._text = text
        self._place = 0
        self._line, self._counted = 1, 0  # the line of a place, for places that only grow
        table: KeyPath = ()
        while self._skip() < len(text):
            if self._takes("["):
                self._takes("[")
                self._pass(re.compile(r"[ \t]*"))
                table = self._take_key(())
                self._pass(re.compile(r"[ \t]*\]+"))
            else:
                self._take_pair(table)

    def _take_pair(self, table: KeyPath) -> None:
        path = self._take_key(table)
        self._pass(_EQUALS)
        self._take_value(path)

    def _take_value(self, path: KeyPath) -> None:
        if self._takes("["):
            self._skip()
            while not self._takes("]"):
                self._take_value(path)
                self._skip()
        elif self._takes("{"):
            self._skip()
            while not self._takes("}"):
                self._take_pair(path)
                self._skip()
        else:
            self._pass(_SCALAR)

    def _take_key(self, table: KeyPath) -> KeyPath:
        start = self._place
        self._pass(_KEY)
        path = table
        value = tomllib.loads(f"{self._text[start : self._place]} = 0")
        self._line += self._text.count("\n", self._counted, start)
        self._counted = start
        while isinstance(value, dict):
            ((name, value),) = value.items()
            path = (*path, name)
            self.found.setdefault(path, self._line)
        return path

    def _skip(self) -> int:
        self._pass(_BETWEEN)
        return self._place

    def _takes(self, character: str) -> bool:
        is_there = self._text.startswith(character, self._place)
        self._place += is_there
        return is_there

    def _pass(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._place)
        if match is None:
            raise ValueError(f"no key or value is expected at character {self._place}")
        self._place = match.end()
