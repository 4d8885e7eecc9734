"""
What is not known of a venue, or off by default, as the person who runs a replay sets it.

A venue has its own settings, in a struct whose fields have defaults, and descriptions for people in `msgspec.Meta`. The
settings of every venue are in `closing.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec.inspect import BoolType, Field, IntType, LiteralType, Metadata, type_info

from ...errors import UsageError
from ...spelling import did_you_mean
from ..venue import Setting

__all__ = ["describe_settings", "may_close_with", "read_settings"]

_CLOSE_CODES = (1000, 1001, 1002, 1003, 1006, *range(1007, 1015))
"""Codes of a close frame (RFC 6455, 7.4.1, and the IANA registry), and 1006, which stands for none at all."""

S = TypeVar("S", bound=msgspec.Struct)


def read_settings(shape: type[S], given: Mapping[str, str], venue: str, *others: str) -> S:
    """
    Read settings from their texts.

    Args:
        shape: Has a field with a default for each; one whose name ends in `_code` is a close code.
        given: Texts by name.
        venue: Whose settings they are, for errors.
        others: Names of further settings, which are read elsewhere, for errors.

    Raises:
        UsageError: If there is no such setting, or it is of another kind.

    """
    known = (*_names(shape), *others)
    for name in given:
        if name not in shape.__struct_fields__:
            suggestion = did_you_mean(name, known) or f" (it has {', '.join(known)})"
            raise UsageError(f"{venue} has no setting {name!r}{suggestion}")
    for name, text in given.items():
        if not _is_value(shape, name, text):
            raise UsageError(f"the setting {name} of {venue} cannot be {text!r}: use {_expected(shape, name)}")
    return msgspec.convert(dict(given), shape, strict=False)


def _is_value(shape: type[msgspec.Struct], name: str, text: str) -> bool:
    """Tell whether a setting can have a value."""
    try:
        settings = msgspec.convert({name: text}, shape, strict=False)
    except msgspec.ValidationError:
        return False
    return not _is_close_code(name) or may_close_with(getattr(settings, name))


def _expected(shape: type[msgspec.Struct], name: str) -> str:
    """Say which values a setting can have; that of text can be anything."""
    kind = _fields_of(shape)[name].type
    kind = kind.type if isinstance(kind, Metadata) else kind
    least, most = getattr(kind, "ge", None), getattr(kind, "le", None)
    if _is_close_code(name):
        return f"a close code: {'0, ' if least is None else ''}1000 to 1014, or 3000 to 4999"
    if isinstance(kind, BoolType):
        return "true or false"
    if isinstance(kind, LiteralType):
        *others, last = map(str, kind.values)
        return f"{', '.join(others)} or {last}"
    what = "a whole number" if isinstance(kind, IntType) else "a number"
    if least is None:
        return what
    return f"{what}, {least:g} or more" if most is None else f"{what} from {least:g} to {most:g}"


def _is_close_code(name: str) -> bool:
    return name.endswith("_code")


def may_close_with(code: int) -> bool:
    """Tell whether a connection can be closed with a code; 0, where a setting takes it, stands for leaving it open."""
    return code in _CLOSE_CODES or 3000 <= code < 5000 or not code


def describe_settings(*shapes: type[msgspec.Struct]) -> tuple[Setting, ...]:
    """Describe settings for people: those of some shapes, one after another."""
    return tuple(one for shape in shapes for one in _described(shape))


def _fields_of(shape: type[msgspec.Struct]) -> dict[str, Field]:
    return {field.encode_name: field for field in getattr(type_info(shape), "fields", ())}


def _names(shape: type[msgspec.Struct]) -> list[str]:
    """Return the names of settings: those of the venue itself before those that it shares with others."""
    shared = [name for base in shape.__bases__ for name in getattr(base, "__struct_fields__", ())]
    return [*(name for name in shape.__struct_fields__ if name not in shared), *shared]


def _described(shape: type[msgspec.Struct]) -> Iterator[Setting]:
    for field in map(_fields_of(shape).__getitem__, _names(shape)):
        schema = field.type.extra_json_schema if isinstance(field.type, Metadata) else None
        yield Setting(field.encode_name, _written(field.default), str((schema or {}).get("description", "")))


def _written(value: Any) -> str:
    """Return a value as a person writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
