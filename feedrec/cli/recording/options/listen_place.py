"""Where something listens, as one value: `HOST:PORT`."""

from __future__ import annotations

from typing import Any, NamedTuple

import click

__all__ = ["ListenPlace", "ListenPlaceType"]

_MOST_PORT = 65_535


class ListenPlace(NamedTuple):
    """Host and port to listen on."""

    host: str
    port: int


class ListenPlaceType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    """
    `HOST:PORT`, an IPv6 address in brackets.

    Args:
        example: One, for who gives none.

    """

    name = "address"

    def __init__(self, example: str) -> None:
        self._example = example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ListenPlace:
        if isinstance(value, ListenPlace):
            return value
        host, _, port = value.rpartition(":")
        host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
        if not host or not (port.isascii() and port.isdigit()) or int(port) > _MOST_PORT:
            self.fail(f"{value!r} is not an address with a port, such as {self._example}", param, ctx)
        return ListenPlace(host, int(port))
