"""A command line that was split once, and whose placeholders become arguments: no shell ever sees a value."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Collection, Mapping
from typing import Self

import msgspec

from ...errors import UsageError
from ...spelling import did_you_mean

__all__ = ["Command"]

_PLACEHOLDER = re.compile(r"\{\{([a-z_]+)\}\}|\{([a-z_]+)\}")


class Command(msgspec.Struct, frozen=True):
    """
    A program and its arguments.

    `{name}` stands for a value, which becomes one argument, or a part of one, whatever is in it; `{{name}}` is `{name}`
    itself, and braces around anything else are left alone.

    Attributes:
        words: The program and its arguments, as they were split.

    """

    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, placeholders: Collection[str]) -> Self:
        """
        Split a command line by the rules of a shell for words and quotes, and no others.

        Args:
            text: The command line.
            placeholders: The names of the values that there will be.

        Raises:
            UsageError: If it cannot be split, has an unknown placeholder, or names no program that is there. It does
                not repeat the command line, which may have secrets.

        """
        try:
            words = shlex.split(text)
        except ValueError as error:
            reason = str(error)
            raise UsageError(f"the command cannot be split: {reason[:1].lower()}{reason[1:]}") from None
        if not words:
            raise UsageError("the command is empty: name a program, and what it is to be given")
        for _, name in (found for word in words for found in _PLACEHOLDER.findall(word)):
            if name and name not in placeholders:
                raise UsageError(_unknown(name, placeholders))
        program = words[0]
        if _PLACEHOLDER.search(program):
            raise UsageError(f"the command begins with a placeholder, {program!r}: name the program itself")
        if shutil.which(program) is None:
            raise UsageError(f"the command cannot be run: there is no program {program!r}")
        return cls(tuple(words))

    def arguments(self, values: Mapping[str, str]) -> list[str]:
        """Return the program and its arguments, with a value in place of each placeholder."""

        def value_of(found: re.Match[str]) -> str:
            literal, name = found.groups()
            return f"{{{literal}}}" if literal else _passable(values[name])

        return [_PLACEHOLDER.sub(value_of, word) for word in self.words]


def _unknown(name: str, placeholders: Collection[str]) -> str:
    known = ", ".join(f"{{{one}}}" for one in placeholders)
    close = did_you_mean(name, placeholders) or f"; write {{{{{name}}}}} for the text {{{name}}} itself"
    return f"the command has an unknown placeholder {{{name}}}: there are {known}{close}"


def _passable(value: str) -> str:
    """Return a value as an operating system takes it for an argument: without what ends one, and encodable."""
    value = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return value.encode(errors="replace").decode()
    return value
