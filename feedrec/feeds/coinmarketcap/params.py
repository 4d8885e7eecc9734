"""Reading the parameters of a subscription as a person writes them: `platform_id=14&address=0x8ac7...&interval=1m`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from ...errors import UsageError
from ...spelling import did_you_mean
from .channels import PARAMS, Param, value_problem

__all__ = ["check_params", "parse_params", "parse_unknown_params"]

_MOST_DIGITS = 16
_MOST_FIELDS = 1_000


def parse_params(channel: str, query: str) -> dict[str, Any]:
    """
    Read the parameters of a subscription.

    Args:
        channel: The channel.
        query: Names and values as in the query of a URL. Several values are separated by commas, or repeat the name.

    Returns:
        The parameters as they are sent: a number or text where only one value is allowed, else a list.

    Raises:
        UsageError: If the channel or a parameter is unknown, or a parameter is missing or invalid.

    """
    takes = _taken_by(channel)
    params: dict[str, Any] = {}
    for name, text in _fields(channel, query, f"; {_usage(channel)}"):
        param = takes.get(name)
        if param is None:
            raise _unknown(channel, name)
        if not param.is_list:
            if name in params:
                raise UsageError(f"{name} of {channel} is given twice, but takes only one value; {_usage(channel)}")
            params[name] = _value(param, text)
            continue
        values = params.setdefault(name, [])
        values += [value for part in text.split(",") if (value := _value(param, part)) not in values]
    check_params(channel, params)
    return params


def parse_unknown_params(channel: str, query: str) -> dict[str, Any]:
    """
    Read the parameters of a channel that is not known: only digits are a number, and commas make a list.

    Raises:
        UsageError: If they are not written as parameters are.

    """
    params: dict[str, Any] = {}
    for name, text in _fields(channel, query):
        values = [_number_or_text(part.strip()) for part in text.split(",")]
        if name in params:
            before = params[name]
            params[name] = [*(before if isinstance(before, list) else [before]), *values]
        else:
            params[name] = values if len(values) > 1 else values[0]
    return params


def _fields(channel: str, query: str, usage: str = "") -> list[tuple[str, str]]:
    """Return the names and texts in a query; an error ends with what `usage` says."""
    try:
        return parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise UsageError(f"the parameters of {channel} are written NAME=VALUE&NAME=VALUE{usage}") from None


def check_params(channel: str, params: Mapping[str, Any]) -> None:
    """
    Check that a subscription has the parameters that its channel takes.

    Raises:
        UsageError: As for `parse_params`.

    """
    takes = _taken_by(channel)
    for name, value in params.items():
        param = takes.get(name)
        if param is None:
            raise _unknown(channel, name)
        expected = value_problem(param, value)
        if expected is not None:
            raise UsageError(f"{name} of {channel} must be {expected}; {_usage(channel)}")
    missing = [param.name for param in takes.values() if param.is_required and param.name not in params]
    if missing:
        raise UsageError(f"{channel} needs {' and '.join(missing)}; {_usage(channel)}")


def _taken_by(channel: str) -> dict[str, Param]:
    params = PARAMS.get(channel)
    if params is None:
        raise UsageError(f"coinmarketcap has no channel {channel!r}{did_you_mean(channel, PARAMS)}")
    return {param.name: param for param in params}


def _unknown(channel: str, name: str) -> UsageError:
    known = [param.name for param in PARAMS[channel]]
    return UsageError(f"{channel} has no parameter {name!r}{did_you_mean(name, known)}; {_usage(channel)}")


def _usage(channel: str) -> str:
    params = PARAMS[channel]
    taken = ", ".join(
        f"{param.name} ({_KINDS[param.kind]}{'' if param.is_required else ', optional'})" for param in params
    )
    example = "&".join(f"{param.name}={param.example}" for param in params if param.is_required)
    return f"it takes {taken}: -c '{channel}?{example}'"


_KINDS = {
    "number": "a number",
    "numbers": "comma-separated numbers",
    "addresses": "comma-separated addresses",
    "interval": "a time such as 1m",
    "text": "text",
}


def _value(param: Param, text: str) -> int | str:
    """Read one value; what is not a number stays text, for `check_params` to refuse."""
    text = text.strip()
    return _number_or_text(text) if param.kind in {"number", "numbers"} else text


def _number_or_text(text: str) -> int | str:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS else text
