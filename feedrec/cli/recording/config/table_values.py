"""From what stands in a table of a configuration to the values of options, by the types that the command line has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ....errors import UsageError
from ....spelling import did_you_mean
from ..feed_options import FEED_OPTIONS

__all__ = ["AFTER_AT", "PATHS", "TableReader", "files_named_in"]

PATHS = frozenset({"output", "key_file", "ship"})
"""Parameters whose value is a path; it may also be a URL, which is one wherever it stands."""

_IN_LIST, _WHOLE = re.compile(r"((?:^|(?<=[:,]))\s*@)([^,]*)"), re.compile(r"^(@)(.*)$", re.DOTALL)

AFTER_AT = {
    "channels": _IN_LIST,
    "products": _IN_LIST,
    "headers": _WHOLE,
    "messages": _WHOLE,
    "redacted": re.compile(r"^(value:@)(.*)$", re.DOTALL),
}
"""Parameters whose value may name a file after an `@`, and where in it."""


class TableReader:
    """
    Makes values of options of what stands in a table.

    Args:
        command: `record`, whose options these are.
        folder: What relative paths are relative to.

    """

    def __init__(self, command: click.Command, folder: Path) -> None:
        options = [one for one in command.params if isinstance(one, click.Option)]
        self._options = {_key_of(one): one for one in options if one.name in FEED_OPTIONS}
        self._of_process = {_key_of(one) for one in options if one.name not in FEED_OPTIONS} | {"help"}
        self._context = click.Context(command, info_name=command.name)
        self._folder = folder

    def read(self, table: Mapping[str, Any], fail: Callable[[str, str], UsageError]) -> dict[str, Any]:
        """
        Return the values of a table by parameter name.

        Args:
            table: What stands in it.
            fail: Makes the error for a key and a text.

        Raises:
            UsageError: If a key is unknown, or its value is not one of the option. No text has the value of an option
                that may be secret.

        """
        values: dict[str, Any] = {}
        for key, value in table.items():
            option = self._options.get(key.replace("-", "_"))
            if option is None or option.name is None:
                raise fail(key, self._unknown(key))
            if option.name in values:
                raise fail(key, "it is given twice")
            try:
                values[option.name] = self._convert(option, value)
            except click.UsageError as error:
                raise fail(key, error.message.removesuffix(".")) from error
            except UsageError as error:
                raise fail(key, str(error)) from error
        return values

    def long_name(self, parameter: str) -> str:
        """Return the name of an option, by that of its parameter, as on the command line."""
        return next(option.opts[-1] for option in self._options.values() if option.name == parameter)

    def _unknown(self, key: str) -> str:
        name = key.replace("-", "_")
        if name in self._of_process:
            return f"it is an option of the whole process: give --{name.replace('_', '-')} on the command line"
        short = next((known for known, option in self._options.items() if f"-{key}" in option.opts), "")
        hint = f"; did you mean {short!r}?" if short else did_you_mean(name, self._options)
        return f"there is no such option{hint}"

    def _convert(self, option: click.Option, value: Any) -> Any:
        if option.is_flag:
            if not isinstance(value, bool):
                raise UsageError("it is a switch: write true or false")
            return value
        if value is False:  # takes a default above away
            default = option.default
            return option.type_cast_value(
                self._context, str(default) if isinstance(default, str | int | float) else None
            )
        if option.multiple:
            texts = [
                _text(one, "a text, or a list of texts") for one in (value if isinstance(value, list) else [value])
            ]
            return option.type_cast_value(self._context, [self._placed(option, text) for text in texts] or None)
        return option.type_cast_value(self._context, self._placed(option, _text(value, "a text or a number")))

    def _placed(self, option: click.Option, text: str) -> str:
        """Return a text with the paths in it as seen from the working directory."""
        if option.name in PATHS:
            return text if text == "-" or "://" in text else self._path(text)
        at = AFTER_AT.get(option.name or "")
        return text if at is None else at.sub(lambda found: found[1] + self._path(_no_stdin(found[2])), text)

    def _path(self, text: str) -> str:
        end = "/" if text.endswith("/") else ""  # says that it is a folder
        return f"{self._folder / text}{end if text.strip('/') else ''}"


def files_named_in(values: Mapping[str, Any]) -> list[Path]:
    """Return the files that the values of options name, besides the output."""
    texts = [one for name in sorted(AFTER_AT) for one in values.get(name) or ()]
    flat = [part for one in texts for part in _parts(one)]
    key_file = [values["key_file"]] if values.get("key_file") else []
    return [*key_file, *(Path(text.partition("@")[2]) for text in flat if text.startswith(("@", "value:@")))]


def _parts(value: Any) -> list[str]:
    """Return the texts in the value of an option: of a channel, its products."""
    return [value] if isinstance(value, str) else [part for one in value for part in _parts(one)]


def _key_of(option: click.Option) -> str:
    (name,) = (text[2:] for text in option.opts if text.startswith("--"))
    return name.replace("-", "_")


def _no_stdin(name: str) -> str:
    if name.strip() == "-":
        raise UsageError("stdin cannot be read again when the configuration is: name a file")
    return name


def _text(value: Any, kind: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"it takes {kind}")
    if isinstance(value, str) and "\0" in value:  # which no command line can have, nor the name of a file
        raise UsageError("it has a NUL character")
    return str(value)
